import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { resolve } from 'node:path';
import { until } from '../../test-servers/until.ts';
import { startService, useOrderServers } from './order-service.ts';
import type { Service } from './order-service.ts';

// The order service in two workers of node:cluster, with real servers: workers are stopped and killed under load.

jest.setTimeout(180_000);

const tests = useOrderServers();

/** Two workers, both at work. */
async function start(): Promise<Service> {
  const env = { PROCESSES: '2' };
  const service = await startService(tests.servers, { program: '../order-cluster/main.js', env });
  tests.cleanup.push(async () => {
    service.child.kill('SIGKILL');
    // Node ends workers whose primary is gone.
    await until(() => workersOf(service).length === 0);
  });
  await until(() => thoseThat('listens', service).length === 2 && sweepers(service).length > 0);
  return service;
}

function workersOf({ child }: Service): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** The processes that have said this, in order. */
function thoseThat(said: string, { log }: Service): number[] {
  return log.flatMap((line) => {
    if (!line.startsWith('{')) throw new Error(log.slice(log.indexOf(line)).join('\n'));
    const { msg, pid } = JSON.parse(line) as { msg?: string; pid: number };
    return msg === said ? [pid] : [];
  });
}

const sweepers = (service: Service): number[] => thoseThat('sweeps', service);

/** Clients that place orders, until they are told to stop or can connect no more. */
function load({ url }: Service, name: string) {
  const accepted: string[] = [];
  const failures: unknown[] = [];
  let isOver = false;
  const client = async (number: number): Promise<void> => {
    for (let at = 0; !isOver; at += 1) {
      const id = `${name}-${number}-${at}`;
      try {
        const status = await place(url, id);
        if (status === 202) accepted.push(id);
        else if (status !== 503 && status !== 504) failures.push(status);
      } catch (error) {
        failures.push(error);
        return;
      }
    }
  };
  const clients = Array.from({ length: 4 }, (_, number) => client(number));
  return {
    accepted,
    failures,
    more: async (count: number) => {
      const wanted = accepted.length + count;
      await until(() => accepted.length >= wanted || failures.length > 0);
    },
    end: async () => {
      isOver = true;
      await Promise.all(clients);
    },
  };
}

/** On a connection of its own: one that is kept may be used just when it is closed, and HTTP 1.1 cannot tell what became of that. */
function place(url: string, id: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const asked = request(`${url}/orders`, { method: 'POST', agent: false, headers });
    // Of a worker that is killed while it is given a connection, Node's primary keeps that connection.
    asked.setTimeout(5000, () => asked.destroy(new Error('no response')));
    asked.on('error', reject).on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    asked.end(JSON.stringify({ id, item: 'lamp' }));
  });
}

async function stored(ids: readonly string[]): Promise<number> {
  const { rows } = await tests.pool.query('SELECT id FROM orders WHERE id = ANY($1)', [ids]);
  return rows.length;
}

test('a worker that is told to stop loses no request; another begins, and one of the others sweeps', async () => {
  const service = await start();
  const [leader] = sweepers(service);
  const clients = load(service, 'stop');
  await clients.more(10);
  expect(sweepers(service)).toEqual([leader]);
  process.kill(leader!, 'SIGTERM');
  await until(() => !workersOf(service).includes(leader!));
  await until(() => workersOf(service).length === 2 && sweepers(service).length === 2);
  await clients.more(10);
  await clients.end();
  expect(clients.failures).toEqual([]);
  expect(sweepers(service)[1]).not.toBe(leader);
  expect(await stored(clients.accepted)).toBe(clients.accepted.length);
});

test('if the worker that sweeps is killed, another sweeps once the lease is over, and no accepted order is lost', async () => {
  const service = await start();
  const [leader] = sweepers(service);
  const clients = load(service, 'kill');
  await clients.more(10);
  expect(sweepers(service)).toEqual([leader]);
  process.kill(leader!, 'SIGKILL');
  await until(() => sweepers(service).length === 2);
  await clients.end();
  expect(sweepers(service)[1]).not.toBe(leader);
  expect(await stored(clients.accepted)).toBe(clients.accepted.length);
  // An order that was stored and has no job: the new one finds it.
  const placed =
    "INSERT INTO orders (id, item, price, placed) VALUES ('lost', 'lamp', 1, '2020-01-01')";
  await tests.pool.query(placed);
  await until(async () => {
    const { rows } = await tests.pool.query("SELECT invoice FROM orders WHERE id = 'lost'");
    return (rows[0] as { invoice: unknown }).invoice !== null;
  });
});

test.each(['SIGTERM', 'SIGINT to all, as of a terminal'])(
  '%s under load: no accepted order is lost, and all processes end by themselves',
  async (how) => {
    const service = await start();
    const clients = load(service, how.slice(0, 7));
    await clients.more(10);
    if (how === 'SIGTERM') service.child.kill('SIGTERM');
    else for (const pid of [service.child.pid!, ...workersOf(service)]) process.kill(pid, 'SIGINT');
    const [code] = (await once(service.child, 'close')) as [number | null];
    await clients.end();
    expect(code).toBe(0);
    expect(service.log.filter((line) => line.includes('"msg":"ended"'))).toHaveLength(2);
    expect(await stored(clients.accepted)).toBe(clients.accepted.length);
  },
);

test('the program of the measurement prints a row for each load and number of processes', () => {
  const program = resolve(__dirname, '../dist/order-cluster/counts.js');
  const args = ['--rounds', '1', '--ms', '300', '--clients', '2'];
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const rows = stdout.trim().split('\n').slice(2);
  const firsts = rows.map((row) => row.split('|').slice(1, 3).join('|').trim());
  expect(firsts).toEqual([
    'place an order | 1',
    'place an order | 2',
    'read an order | 1',
    'read an order | 2',
  ]);
});
