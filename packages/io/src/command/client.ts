import { park } from '@ambit/core/lowlevel';
import { timeout, TimeoutError } from '@ambit/core';
import type { IncomingMessage } from 'node:http';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { codeOf } from '../errors.ts';
import { checkFolder, inspectorFolder } from '../inspect/folder.ts';
import type { Report } from '../inspect/vital-signs.ts';
import { node } from '../node.ts';
import { fromReadable } from '../streams/from-stream.ts';

/** A program that is not there, refuses, or does not answer. */
export class GoneError extends Error {
  override readonly name = 'GoneError';
  /** No process listens at the socket any more. */
  readonly isDead: boolean;

  constructor(message: string, options: { readonly isDead: boolean }) {
    super(message);
    this.isDead = options.isDead;
  }
}

/** A program that has a socket, and does not answer in time: it is stopped, or computes without a pause. */
export class SilentError extends GoneError {
  constructor(pid: string) {
    const message = `the program ${pid} does not answer within ${String(PATIENCE / 1000)} s: its event loop is blocked, or the process is stopped; \`ambit attach ${pid}\` shows the code that blocks it`;
    super(message, { isDead: false });
  }
}

/** Milliseconds that a program has to answer. */
const PATIENCE = 3000;

/** The ids of the programs that have a socket. */
export function pids(): string[] {
  const folder = inspectorFolder();
  if (!node.fs.existsSync(folder)) return [];
  checkFolder('ambit', folder);
  const names = node.fs.readdirSync(folder).filter((name) => /^\d+\.sock$/.test(name));
  return names.map((name) => name.slice(0, -'.sock'.length));
}

function socketOf(pid: string): string {
  return path.join(inspectorFolder(), `${pid}.sock`);
}

/** Removes the socket of a program that has died without removing it. */
export function forget(pid: string): void {
  node.fs.rmSync(socketOf(pid), { force: true });
}

/** Fetches a path from a program's inspector, with the pieces as they come. `patience`: milliseconds until the answer begins. */
export async function* read(
  pid: string,
  url: string,
  patience: number = PATIENCE,
): AsyncGenerator<string> {
  const response = await ask(pid, url, patience);
  const decoder = new TextDecoder();
  const body = fromReadable(response);
  try {
    for await (const piece of body) yield decoder.decode(piece, { stream: true });
  } catch (error) {
    if (codeOf(error) !== 'ECONNRESET') throw error;
    throw new GoneError(`the program ${pid} has ended`, { isDead: true });
  } finally {
    response.destroy();
  }
}

async function ask(pid: string, url: string, patience: number): Promise<IncomingMessage> {
  const socketPath = socketOf(pid);
  if (!node.fs.existsSync(socketPath)) throw unknown(pid);
  checkFolder('ambit', path.dirname(socketPath));
  try {
    const response = await timeout(patience, () => request(pid, { socketPath, path: url }));
    if (response.statusCode === 200) return response;
    throw new GoneError(await refusalOf(pid, url, response), { isDead: false });
  } catch (error) {
    throw error instanceof TimeoutError ? new SilentError(pid) : error;
  }
}

async function refusalOf(pid: string, url: string, response: IncomingMessage): Promise<string> {
  const { statusCode } = response;
  // The inspector says what is wrong with the number that it was given.
  if (statusCode === 400) return `the program ${pid} refuses: ${await text(response)}`.trimEnd();
  response.destroy();
  return `the program ${pid} answers ${String(statusCode)} to ${url}: it has another version of @ambit/io`;
}

function unknown(pid: string): GoneError {
  return new GoneError(
    `no program ${pid} can be looked into; \`ambit ps\` lists those that call serveInspector()`,
    { isDead: true },
  );
}

function request(
  pid: string,
  options: { readonly socketPath: string; readonly path: string },
): Promise<IncomingMessage> {
  return park<IncomingMessage>(
    (waker) => {
      const asked = node.http.get({ ...options, agent: false }, (answer) => waker.wake(answer));
      asked.on('error', (error) => {
        const isDead = ['ECONNREFUSED', 'ENOENT', 'ECONNRESET'].includes(codeOf(error) ?? '');
        waker.fail(
          new GoneError(`the program ${pid} does not answer: ${error.message}`, { isDead }),
        );
      });
      return () => asked.destroy();
    },
    { name: `the program ${pid}` },
  );
}

export async function report(pid: string): Promise<Report> {
  let text = '';
  for await (const piece of read(pid, '/snapshot')) text += piece;
  return JSON.parse(text) as Report;
}

/** The reports of a program, one each `every` milliseconds, with the processor time of its tasks. Ends when the program does. */
export async function* watch(pid: string, every: number): AsyncGenerator<Report> {
  let rest = '';
  for await (const piece of read(pid, `/watch?cpu&every=${String(every)}`)) {
    const events = `${rest}${piece}`.split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) yield JSON.parse(event.slice('data: '.length)) as Report;
  }
}
