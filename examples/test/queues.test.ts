import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startPostgres, startRedis } from '../../test-servers/servers.ts';

// The recipes for queue libraries: BullMQ, pg-boss and graphile-worker with real servers, kafkajs with a mock of its consumer.

jest.setTimeout(90_000);

const MAILS = ['Ada', 'Ada done', 'nobody', 'nobody done'];

const cleanup: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const server of cleanup.splice(0)) await server.stop();
});

test('each library cancels its job, and the job has ended before its worker has', async () => {
  const [redis, postgres] = [await startRedis(), await startPostgres()];
  cleanup.push(redis, postgres);
  const program = join(__dirname, 'fixtures/queues.mjs');
  const args = [program, String(redis.port), String(postgres.port)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [out, [code]] = (await Promise.all([text(child.stdout), once(child, 'exit')])) as [
    string,
    [number | null],
  ];
  expect(code).toBe(0);
  expect(JSON.parse(out.trim().split('\n').at(-1)!)).toEqual({
    bullmq: MAILS,
    pgBoss: MAILS,
    graphile: MAILS,
    kafkajs: [...MAILS, 'LeaseLostError'],
  });
});
