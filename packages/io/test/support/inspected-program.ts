import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const command = join(__dirname, '../../bin/ambit.mjs');

/** A directory of its own for the sockets of each test. */
export function useOwnDirectory(): { readonly path: string } {
  const before = process.env['XDG_RUNTIME_DIR'];
  const home = { path: '' };
  beforeEach(() => {
    home.path = mkdtempSync(join(tmpdir(), 'ambit-inspect-'));
    process.env['XDG_RUNTIME_DIR'] = home.path;
  });
  afterEach(() => {
    rmSync(home.path, { recursive: true });
    if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
    else process.env['XDG_RUNTIME_DIR'] = before;
  });
  return home;
}

/** Runs the command `ambit` to its end. */
export function ambit(...args: string[]): {
  stdout: string;
  stderr: string;
  status: number | null;
} {
  const { stdout, stderr, status } = spawnSync(process.execPath, [command, ...args], {
    encoding: 'utf8',
    timeout: 15_000,
    env: { ...process.env },
  });
  return { stdout, stderr, status };
}

/** Starts a program of test/fixtures, which prints a line when it can be looked into, and ends it after the body. */
export async function withProgram(
  name: string,
  body: (child: ChildProcess & { readonly pid: number }) => Promise<void> | void,
  { args = [], env = {} }: { args?: readonly string[]; env?: Record<string, string> } = {},
): Promise<void> {
  const child = spawn(process.execPath, [join(__dirname, '../fixtures', name), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    // Jest's `process.env` is not the one that children inherit.
    env: { ...process.env, ...env },
  });
  const ended = once(child, 'exit');
  try {
    await once(child.stdout, 'data');
    await body(child as typeof child & { readonly pid: number });
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}
