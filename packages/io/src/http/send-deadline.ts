import { currentScope } from '@ambit/core';
import { currentLoop } from '@ambit/core/lowlevel';
import { checkString } from '../check.ts';
import { writeDeadline } from './deadline-header.ts';
import { isRequest } from './fetch-init.ts';
import type { FetchInput, PlatformInit } from './fetch-init.ts';

/** How a request says how much time is left: the name of a header, or a function of the milliseconds. */
export type DeadlineHeader = string | ((left: number) => PlatformInit['headers']);

/** What an init has to say in addition. */
export function deadlineIn(
  input: FetchInput,
  init: PlatformInit,
  header: DeadlineHeader,
): Pick<PlatformInit, 'headers'> {
  const left = currentScope().effectiveDeadline - currentLoop().now();
  if (left === Infinity) return {};
  const headers = new Headers(init.headers ?? (isRequest(input) ? input.headers : undefined));
  const made =
    typeof header === 'string' ? { [header]: writeDeadline(header, left) } : header(left);
  for (const [name, value] of new Headers(made)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  return { headers };
}

export function checkSendDeadline(value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  checkString('fetch', 'sendDeadline', value);
}
