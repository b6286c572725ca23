import { codeOf } from '../errors.ts';
import type { Place } from './file-path.ts';

interface FileFailure extends NodeJS.ErrnoException {
  dest?: string;
}

/** Node leaves the path out where it knows the descriptor only. */
export function withPath(error: unknown, path: string): unknown {
  if (codeOf(error) === undefined) return error;
  const failure = error as FileFailure;
  if (failure.path !== undefined || failure.errno === undefined) return error;
  failure.message += ` '${path}'`;
  return Object.assign(failure, { path });
}

/** Errors name a path as the caller wrote it. */
export function inWordsOf(error: unknown, { given, path }: Place): unknown {
  const failure = withPath(error, given) as FileFailure;
  if (codeOf(error) === undefined || given === path || failure.path !== path) return failure;
  return rename(failure, path, given);
}

/**
 * The user has named one path; which paths are used instead of it does not concern them.
 *
 * @param standIns - the paths that do; default: each that is in the error
 */
export function insteadOf(error: unknown, given: string, standIns?: readonly string[]): unknown {
  const failure = withPath(error, given) as FileFailure;
  if (codeOf(error) === undefined || failure.path === undefined) return failure;
  if (standIns?.includes(failure.path) === false) return failure;
  if (failure.dest !== undefined) failure.dest = given;
  return rename(failure, failure.path, given);
}

function rename(failure: FileFailure, from: string, to: string): FileFailure {
  failure.message = failure.message.replaceAll(`'${from}'`, `'${to}'`);
  failure.path = to;
  return failure;
}

/** An error in Node's form, where Node has none. */
export function fileError(
  what: string,
  facts: { readonly code: string; readonly syscall: string; readonly path: string },
): Error {
  const { code, syscall, path } = facts;
  return Object.assign(new Error(`${code}: ${what}, ${syscall} '${path}'`), facts);
}
