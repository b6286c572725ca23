// PostgreSQL and Redis from Debian's packages, in a temporary directory, for as long as a body runs.
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { contextSnapshot, retry, taskGroup, timeout } from '@ambit/core';
import { connectTcp, once, openProcess, runProcess, temporaryDirectory } from '@ambit/io';
import type { Process } from '@ambit/io';

export interface Ports {
  readonly postgres: number;
  readonly redis: number;
}

export interface Servers extends Ports {
  /** Ends Redis, which keeps nothing, and starts it again. */
  restartRedis(): Promise<void>;
}

/** Starts both servers, waits until they accept, and ends them after the body. */
export async function withServers<T>(body: (servers: Servers) => Promise<T>): Promise<T> {
  return taskGroup(async () => {
    const ports = { postgres: await freePort(), redis: await freePort() };
    await startPostgres(ports.postgres);
    let server = await startRedis(ports.redis);
    const restart = async (): Promise<void> => {
      server.kill('SIGKILL');
      await server.wait();
      server = await startRedis(ports.redis);
    };
    // The new one belongs to this group, and not to that of the caller.
    const here = contextSnapshot();
    return body({ ...ports, restartRedis: () => here(restart) });
  });
}

async function startRedis(port: number): Promise<Process> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', ''];
  const server = await openProcess('redis-server', args, { stdout: 'ignore', stderr: 'ignore' });
  await accepts(port);
  return server;
}

async function startPostgres(port: number): Promise<void> {
  const { path } = await temporaryDirectory();
  const data = join(path, 'data');
  // PostgreSQL refuses to run as root.
  const as = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
  if (as.length > 0) await runProcess('chown', ['postgres', path]);
  const call = (program: string, ...args: string[]): [string, string[]] => {
    const [first = '', ...more] = [...as, join(programs(), program), ...args];
    return [first, more];
  };
  const options = { cwd: path };
  await runProcess(
    ...call('initdb', '-D', data, '-U', 'postgres', '--auth=trust', '--no-sync'),
    options,
  );
  const listening = ['-p', String(port), '-h', '127.0.0.1', '-k', path, '-F'];
  await openProcess(...call('postgres', '-D', data, ...listening), {
    ...options,
    stdout: 'ignore',
    stderr: 'ignore',
  });
  await accepts(port);
}

function programs(): string {
  const folder = '/usr/lib/postgresql';
  const versions = existsSync(folder) ? readdirSync(folder) : [];
  const latest = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (latest === undefined) throw new Error('run: apt-get install postgresql redis-server');
  return join(folder, latest, 'bin');
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Waits until a server accepts connections. */
async function accepts(port: number): Promise<void> {
  const connect = async (): Promise<void> => {
    await using _connection = await connectTcp({ host: '127.0.0.1', port });
  };
  await timeout(20_000, () => retry(connect, { attempts: Infinity, delay: 50, maxDelay: 50 }));
}
