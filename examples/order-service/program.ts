// A service in a process of its own.
import { fileURLToPath } from 'node:url';
import { timeout } from '@ambit/core';
import { bufferedReader, openProcess } from '@ambit/io';
import type { Process } from '@ambit/io';
import type { Ports } from './servers.ts';

export interface Program {
  /** Its file, seen from this one. */
  readonly file: string;
  readonly framework: string;
}

export interface Running {
  readonly process: Process;
  readonly url: string;
}

/** Starts a service, and waits until it has said where it listens. The group around it ends it. */
export async function start(
  { file, framework }: Program,
  { postgres, redis }: Ports,
  prices: string,
): Promise<Running> {
  const env = {
    ...process.env,
    PGPORT: String(postgres),
    REDIS_PORT: String(redis),
    PORT: '0',
    PRICES: prices,
    FRAMEWORK: framework,
  };
  const path = fileURLToPath(new URL(file, import.meta.url));
  const service = await openProcess(process.execPath, [path], { env, stderr: 'ignore' });
  const { stdout } = service;
  if (stdout === undefined) throw new Error('the service has no output');
  const url = await timeout(30_000, () => bufferedReader(stdout).readLine());
  if (url === undefined) throw new Error('the service has not begun');
  return { process: service, url };
}

/** Tells a service to stop, and returns its exit code, or the signal that has ended it. */
export async function stop({ process: service }: Running): Promise<string> {
  service.kill('SIGTERM');
  const { code, signal } = await timeout(30_000, () => service.wait());
  return String(signal ?? code);
}
