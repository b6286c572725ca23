import { spawn } from 'node:child_process';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { run } from '@ambit/core';
import { serveHttp } from '../../src/index.ts';
import { serving } from '../support/http-parts.ts';

/** Two workers of node:cluster, with the primary. */
async function workers() {
  const primary = spawn(process.execPath, [join(__dirname, '../fixtures/cluster.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(primary.stdout)[Symbol.asyncIterator]();
  const words = async (): Promise<string[]> => {
    const { value = '' } = (await lines.next()) as { value: string | undefined };
    return value.split(' ').filter((word) => word !== '');
  };
  const [port = '', ...pids] = await words();
  return {
    port: Number(port),
    stopOne: () => process.kill(Number(pids[0]), 'SIGTERM'),
    stopAll: () => primary.kill('SIGTERM'),
    /** How the workers ended, and what they had begun to answer. */
    end: async () => ({ ends: await words(), begun: await words() }),
    [Symbol.dispose]: () => void primary.kill('SIGKILL'),
  };
}

/** The path of each request, and what has become of it. */
type Outcomes = Map<string, 'answered' | 'closed' | 'refused'>;

function ask(port: number, path: string, agent: Agent): Promise<'answered' | 'closed' | 'refused'> {
  return new Promise((resolve, reject) => {
    const method = path.endsWith('3') ? 'POST' : 'GET';
    const request = httpRequest({ port, host: '127.0.0.1', path, method, agent });
    request.on('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'ECONNREFUSED' ? 'refused' : 'closed'),
    );
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('error', reject).on('end', () => {
        if (body === `answered ${path}`) resolve('answered');
        else reject(new Error(`a part of a response: ${body}`));
      });
    });
    request.end(method === 'POST' ? 'a body' : undefined);
  });
}

/** Clients that ask one request after the other, half of them on connections of their own, until they are refused or it is over. */
function load(port: number, count: number) {
  const outcomes: Outcomes = new Map();
  let isOver = false;
  const client = async (name: number): Promise<void> => {
    const agent = new Agent({ keepAlive: name % 2 === 0, maxSockets: 1 });
    for (let at = 0; !isOver; at += 1) {
      const path = `/${name}-${at}`;
      const outcome = await ask(port, path, agent);
      outcomes.set(path, outcome);
      if (outcome === 'refused') break;
    }
    agent.destroy();
  };
  const clients = Array.from({ length: count }, (_, name) => client(name));
  const paths = (which: string): string[] =>
    [...outcomes].flatMap(([path, outcome]) => (outcome === which ? [path] : []));
  return {
    paths,
    /** Waits until this number of requests more was answered. */
    more: async (number: number) => {
      const until = paths('answered').length + number;
      while (paths('answered').length < until) await new Promise((wake) => setTimeout(wake, 10));
    },
    over: async () => {
      isOver = true;
      await Promise.all(clients);
    },
    refused: () => Promise.all(clients),
  };
}

test('a worker of node:cluster that is told to stop loses no request and no connection: the others get them', async () => {
  using service = await workers();
  const clients = load(service.port, 12);
  await clients.more(50);
  service.stopOne();
  await clients.more(150);
  await clients.over();
  service.stopAll();
  const { ends, begun } = await service.end();
  expect(ends).toEqual(['0', '0']);
  // On one that is kept, a slow client may ask just when it is closed.
  const isNew = (path: string): boolean => Number(path.slice(1).split('-')[0]) % 2 === 1;
  expect(clients.paths('closed').filter(isNew)).toEqual([]);
  expect(clients.paths('refused')).toEqual([]);
  expect(begun.sort()).toEqual(clients.paths('answered').sort());
});

test('workers that are all told to stop answer what they have begun, refuse the rest, and end by themselves', async () => {
  using service = await workers();
  const clients = load(service.port, 12);
  await clients.more(100);
  service.stopAll();
  const { ends, begun } = await service.end();
  await clients.refused();
  expect(ends).toEqual(['0', '0']);
  expect(begun.sort()).toEqual(clients.paths('answered').sort());
  expect(clients.paths('refused')).not.toEqual([]);
});

const isKnown = !/^(?:20|21|23\.0|22\.(?:\d|1[01])\.)/u.test(process.versions.node);
const answer = (_request: unknown, response: { end(text: string): void }): void =>
  response.end('x');

test('one port for several services, where Node can; else it says so', async () => {
  const options = { port: 0, host: '127.0.0.1', reusePort: true };
  if (!isKnown) {
    const both = serveHttp(answer, options);
    await expect(both).rejects.toThrow(/serveHttp: reusePort needs Node 22\.12/u);
    return;
  }
  await run(async (group) => {
    const first = await group.start<{ port: number }>((_task, started) =>
      serveHttp(answer, { ...options, onListening: started }),
    );
    const second = await group.start<{ port: number }>((_task, started) =>
      serveHttp(answer, { ...options, port: first.port, onListening: started }),
    );
    expect(second.port).toBe(first.port);
    group.cancel();
  });
});

test('without it the second service does not get the port', async () => {
  await serving(answer, async ({ port }) => {
    const second = serveHttp(answer, { port, host: '127.0.0.1', reusePort: false });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

test('refuses what is no boolean', async () => {
  const wrong = { port: 0, reusePort: 'yes' as never };
  await expect(serveHttp(answer, wrong)).rejects.toThrow(
    'serveHttp: reusePort is "yes"; give true or false',
  );
});
