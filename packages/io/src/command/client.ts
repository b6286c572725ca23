import { park } from '@ambit/core/lowlevel';
import * as path from 'node:path';
import { node } from '../node.ts';
import { checkFolder, inspectorFolder } from '../inspect/folder.ts';
import type { Report } from '../inspect/vital-signs.ts';

/** A program that is not there, or does not answer. */
export class GoneError extends Error {
  override readonly name = 'GoneError';
}

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

/** Fetches a path from a program's inspector, with the pieces as they come. */
export async function* read(pid: string, url: string): AsyncGenerator<string> {
  const socketPath = socketOf(pid);
  if (!node.fs.existsSync(socketPath)) {
    throw new GoneError(
      `no program ${pid} can be looked into; \`ambit ps\` lists those that call serveInspector()`,
    );
  }
  checkFolder('ambit', path.dirname(socketPath));
  const response = await park<AsyncIterable<Buffer>>(
    (waker) => {
      const asked = node.http.get({ socketPath, path: url }, (answer) => waker.wake(answer));
      asked.once('error', (error) => {
        waker.fail(new GoneError(`the program ${pid} does not answer: ${error.message}`));
      });
      return () => asked.destroy();
    },
    { name: `the program ${pid}` },
  );
  const decoder = new TextDecoder();
  for await (const piece of response) yield decoder.decode(piece, { stream: true });
}

export async function report(pid: string): Promise<Report> {
  let text = '';
  for await (const piece of read(pid, '/snapshot')) text += piece;
  return JSON.parse(text) as Report;
}
