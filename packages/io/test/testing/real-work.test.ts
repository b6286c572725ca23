import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  CancelScope,
  getRunningLoop,
  moveOnAfter,
  sleep,
  sleepForever,
  timeout,
} from '@ambit/core';
import { crash, testRun } from '@ambit/core/testing';
import {
  copy,
  lockFile,
  openFile,
  openProcess,
  readFile,
  readLines,
  runProcess,
  temporaryDirectory,
  temporaryFile,
  toThread,
  walk,
  WorkerPool,
  writeFile,
} from '@ambit/io';
import type { Process, TemporaryPath } from '@ambit/io';
import { simulate } from '@ambit/io/testing';
import { isRunning } from '../support/process-probe.ts';

const now = (): number => getRunningLoop().now();
const WORK = join(__dirname, '../fixtures/work.mjs');

async function directory(body: (path: string) => Promise<void>): Promise<void> {
  await using own = await temporaryDirectory();
  await body(own.path);
}

/** Each does real work, and has ended when its promise settles. */
const work: Record<string, () => Promise<unknown>> = {
  runProcess: async () => {
    const { stdout } = await runProcess('sh', ['-c', 'sleep 0.02; cat'], { input: 'text' });
    assert.equal(stdout, 'text');
  },
  'a process that is written to, read from, and ends': async () => {
    await using child = await openProcess('sh', ['-c', 'sleep 0.02; cat; exit 3']);
    await child.stdin?.send('text');
    await child.stdin?.sendEof();
    let text = '';
    for await (const bytes of child.stdout ?? []) text += Buffer.from(bytes).toString();
    assert.equal(text, 'text');
    assert.equal((await child.wait()).code, 3);
  },
  'a process that has to be killed': async () => {
    const child = await openProcess('sh', ['-c', 'trap "" TERM; echo ready; sleep 5; sleep 5'], {
      killGrace: 30,
    });
    await child.stdout?.receive();
    await child[Symbol.asyncDispose]();
    assert.equal((await child.wait()).signal, 'SIGKILL');
  },
  'a process whose output is held open by another': async () => {
    const { stdout } = await runProcess('sh', ['-c', 'echo text; sleep 1 &'], { tree: false });
    assert.equal(stdout, 'text\n');
  },
  toThread: async () => {
    assert.equal(await toThread(WORK, 'add', 1, 2), 3);
  },
  'a pool that is closed while a call is under way': async () => {
    const pool = new WorkerPool({ size: 1 });
    const call = pool.run(WORK, 'later', [10_000], { onCancel: 'terminate' });
    const failed = assert.rejects(call, { name: 'ClosedResourceError' });
    await pool.run(WORK, 'add', [1, 2], { signal: AbortSignal.abort() }).catch(() => undefined);
    await pool[Symbol.asyncDispose]();
    await failed;
  },
  'files of all kinds': () =>
    directory(async (path) => {
      const [first, second] = [join(path, 'first'), join(path, 'second')];
      await writeFile(first, 'one\ntwo\n');
      await writeFile(second, 'three', { atomic: true });
      await copy(first, second);
      assert.equal(await readFile(second, 'utf8'), 'one\ntwo\n');
      const lines: string[] = [];
      for await (const line of readLines(second)) lines.push(line);
      for await (const { entry } of walk(path)) lines.push(entry.name);
      assert.deepEqual(lines.sort(), ['first', 'one', 'second', 'two']);
      const file = await openFile(first, 'r+');
      await file.write('X');
      await file.close();
      await using lock = await lockFile(join(path, 'lock'));
      await lock.release();
      await (await temporaryFile()).close();
    }),
};

describe.each(Object.entries(work))('%s', (_name, body) => {
  test('holds a virtual loop while it is under way', () =>
    testRun(async (group) => {
      const ticking = group.spawn(() => sleepUntilCancelled());
      await timeout(1, body);
      assert.equal(now(), 0);
      ticking.cancel();
    }));

  test('works on a simulated host, in no time of the simulation', () =>
    simulate(async (network) => {
      await network
        .host('host', async () => {
          await timeout(1, body);
          assert.equal(now(), 0);
        })
        .outcome();
    }));
});

/** Time would pass, a millisecond at a time, if nothing held it. */
async function sleepUntilCancelled(): Promise<void> {
  for (;;) await sleep(1);
}

describe('a host that crashes', () => {
  test('takes its processes, files, locks and temporary files with it', () =>
    simulate(async (network) => {
      let child: Process | undefined;
      let place: TemporaryPath | undefined;
      const host = network.host('host', async () => {
        place = await temporaryDirectory();
        await openFile(join(place.path, 'file'), 'w');
        await lockFile(join(place.path, 'lock'));
        child = await openProcess('sleep', ['60']);
        await sleepForever();
      });
      await sleep(1);
      assert(child !== undefined && place !== undefined);
      host.crash();
      const { pid } = child;
      const { path } = place;
      const isOver = (): boolean => !existsSync(path) && !isRunning(pid);
      for (let round = 0; round < 400 && !isOver(); round += 1) await real(5);
      assert(isOver());
    }));

  test('lets time go on, though work was under way', () =>
    simulate(async (network) => {
      const host = network.host('host', () => runProcess('sleep', ['60']));
      const other = network.host('other', () => toThread(WORK, 'later', 60_000));
      await real(100);
      assert.equal(now(), 0);
      host.crash();
      other.crash();
      await sleep(1000);
      assert.equal(now(), 1000);
      host.restart();
      await real(100);
      assert.equal(now(), 1000);
      host.crash();
    }));
});

test('a crash ends what holds time in its scope', () =>
  testRun(async (_group, loop) => {
    const scope = new CancelScope();
    void scope.run(async () => {
      using _hold = loop.hold();
      await new Promise(() => undefined);
    });
    crash(scope);
    await sleep(10);
    assert.equal(now(), 10);
  }));

test('a time limit of a test ends no real work, and a cancellation does', () =>
  testRun(async () => {
    const scope = new CancelScope();
    const running = scope.run(() => runProcess('sleep', ['60']));
    await moveOnAfter(0, () => real(50));
    scope.cancel();
    assert.equal(await running, undefined);
    assert.equal(now(), 0);
  }));

/** Real milliseconds. */
async function real(ms: number): Promise<void> {
  const loop = getRunningLoop() as unknown as { hold(): Disposable };
  using _hold = loop.hold();
  await new Promise((resolve) => setTimeout(resolve, ms));
}
