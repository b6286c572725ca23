import { spawn } from 'node:child_process';
import { createHook } from 'node:async_hooks';
import type { AsyncHook } from 'node:async_hooks';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { moveOnAfter, taskGroup } from '@ambit/core';
import { inspectorFolder, serveInspector } from '../../src/inspect.ts';
import { ambit, useOwnDirectory, withProgram } from '../support/inspected-program.ts';

const home = useOwnDirectory();

async function ask(socketPath: string, path: string, method = 'GET'): Promise<IncomingMessage> {
  const asked = request({ socketPath, path, method, agent: false });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += String(piece);
  return text;
}

async function untilText(response: IncomingMessage, wanted: string): Promise<void> {
  let text = '';
  while (!text.includes(wanted)) text += String((await once(response, 'data'))[0]);
}

/** Opens an inspector while a body runs. */
async function inspected(body: (socket: string) => Promise<void>): Promise<void> {
  await taskGroup(async (group) => {
    const socket = join(inspectorFolder(), `${process.pid}.sock`);
    group.spawn(() => serveInspector({ name: 'test' }), { daemon: true, name: 'inspector' });
    while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 5));
    await body(socket);
  });
}

describe('the socket', () => {
  test('is the user’s alone, in a directory of the user alone, and gone at the end', async () => {
    let path = '';
    await inspected((socket) => {
      path = socket;
      expect((lstatSync(socket).mode & 0o777).toString(8)).toBe('600');
      expect((lstatSync(inspectorFolder()).mode & 0o777).toString(8)).toBe('700');
      return Promise.resolve();
    });
    expect(existsSync(path)).toBe(false);
  });

  test.each(['open to others', 'a link'])('is refused in a directory that is %s', async (kind) => {
    const folder = join(home.path, 'ambit');
    if (kind === 'a link') {
      mkdirSync(join(home.path, 'real'), { mode: 0o700 });
      symlinkSync(join(home.path, 'real'), folder);
    } else {
      mkdirSync(folder);
      chmodSync(folder, 0o777);
    }
    await expect(serveInspector()).rejects.toThrow('is no directory of this user alone');
    const path = join(folder, 'mine.sock');
    await expect(serveInspector({ path })).rejects.toThrow('is no directory of this user alone');
  });

  test('leaves a file that is not its own untouched', async () => {
    mkdirSync(join(home.path, 'ambit'), { mode: 0o700 });
    const path = join(home.path, 'ambit', 'notes.sock');
    writeFileSync(path, 'mine');
    await expect(serveInspector({ path })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(lstatSync(path).size).toBe(4);
    await inspected(async (socket) => {
      await expect(serveInspector({ path: socket })).rejects.toMatchObject({ code: 'EADDRINUSE' });
      expect((await ask(socket, '/version')).statusCode).toBe(200);
    });
  });
});

describe('what is answered', () => {
  test('a snapshot, with the runs, the counts and the name', () =>
    inspected(async (socket) => {
      const seen = JSON.parse(await textOf(await ask(socket, '/snapshot'))) as Record<
        string,
        unknown
      >;
      expect(seen).toMatchObject({ pid: process.pid, name: 'test', omitted: 0, deadlocks: [] });
      expect(Object.keys(seen)).toEqual(expect.arrayContaining(['counts', 'tree', 'runs', 'now']));
      const again = JSON.parse(await textOf(await ask(socket, '/snapshot'))) as { now: number };
      expect(again.now - Number(seen['now'])).toBeLessThan(5000);
    }));

  test('a trace of some milliseconds', () =>
    inspected(async (socket) => {
      const text = await textOf(await ask(socket, '/trace?ms=20&limit=1000'));
      expect(text).toContain('"name":"inspector"');
      expect((JSON.parse(text) as { traceEvents: unknown[] }).traceEvents.length).toBeGreaterThan(
        0,
      );
    }));

  test('snapshots as events, with the time of each task while somebody watches', () =>
    inspected(async (socket) => {
      const response = await ask(socket, '/watch?every=100&cpu');
      const seen: string[] = [];
      for await (const piece of response.setEncoding('utf8')) {
        seen.push(String(piece));
        if (seen.length === 3) break;
      }
      expect(response.headers['content-type']).toBe('text/event-stream');
      expect(seen.at(-1)).toMatch(/^data: \{.*"cpu":\{/);
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(await textOf(await ask(socket, '/snapshot'))).not.toContain('"cpu"');
    }));

  test.each([
    ['POST', '/snapshot', 405],
    ['DELETE', '/version', 405],
    ['GET', '/', 404],
    ['GET', '/toString', 404],
    ['GET', '/trace?ms=1&limit=5', 200],
  ])('%s %s', (method, path, status) =>
    inspected(async (socket) => {
      const response = await ask(socket, path, method);
      expect(response.statusCode).toBe(status);
      response.resume();
    }),
  );
});

test.each([
  ['/trace?ms=x', 'ms is "x"; give a whole number from 1 to 600000\n'],
  ['/trace?ms=', 'ms is ""; give a whole number from 1 to 600000\n'],
  ['/trace?ms=1&limit=0', 'limit is "0"; give a whole number from 1 to 1000000\n'],
  ['/trace?ms=1&limit=-5', 'limit is "-5"; give a whole number from 1 to 1000000\n'],
  ['/watch?every=x&cpu', 'every is "x"; give a whole number from 100 to 60000\n'],
  ['/watch?every=Infinity', 'every is "Infinity"; give a whole number from 100 to 60000\n'],
])('GET %s is refused with a text', (path, text) =>
  inspected(async (socket) => {
    const response = await ask(socket, path);
    expect(response.statusCode).toBe(400);
    expect(await textOf(response)).toBe(text);
  }),
);

test('of another user neither the directory is used nor a file touched', async () => {
  // Only root can make files of other users.
  if (process.getuid?.() !== 0) return;
  const folder = join(home.path, 'ambit');
  mkdirSync(folder, { mode: 0o700 });
  const path = join(folder, 'theirs.sock');
  writeFileSync(path, 'theirs');
  chownSync(path, 12_345, 12_345);
  await expect(serveInspector({ path })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect([lstatSync(path).uid, lstatSync(path).size]).toEqual([12_345, 6]);
  chownSync(folder, 12_345, 12_345);
  await expect(serveInspector()).rejects.toThrow('is no directory of this user alone');
});

test('turns are measured only while a client watches with cpu', () =>
  inspected(async (socket) => {
    const hook = Object.getPrototypeOf(createHook({})) as AsyncHook;
    const [on, off] = [jest.spyOn(hook, 'enable'), jest.spyOn(hook, 'disable')];
    (await ask(socket, '/watch?every=100')).destroy();
    expect([on.mock.calls.length, off.mock.calls.length]).toEqual([0, 0]);
    const response = await ask(socket, '/watch?every=100&cpu');
    await untilText(response, '"cpu"');
    expect([on.mock.calls.length, off.mock.calls.length]).toEqual([1, 0]);
    response.destroy();
    while (off.mock.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(on).toHaveBeenCalledTimes(1);
  }));

describe('the command', () => {
  test('shows the deadlock of a program first, and no escape of a name', () =>
    withProgram('inspected.mjs', ({ pid }) => {
      const { stdout, status } = ambit('tree', `${pid}`);
      expect(status).toBe(0);
      expect(stdout.split('\n')[0]).toMatch(/^DEADLOCK: "Plato" waits for the left fork/);
      expect(stdout).toMatch(/task Kant: running/);
      expect(stdout).not.toContain('\u001b');
      const seen = JSON.parse(ambit('tree', `${pid}`, '--json').stdout) as { deadlocks: string[] };
      expect(seen.deadlocks).toHaveLength(1);
    }));

  test('lists the programs, and forgets those that have died', () =>
    withProgram('inspected.mjs', async (child) => {
      expect(ambit('ps').stdout).toMatch(new RegExp(`^${child.pid} .*DEADLOCK +victim\\n$`));
      const [row] = JSON.parse(ambit('ps', '--json').stdout) as { name: string }[];
      expect(row).toMatchObject({ pid: child.pid, name: 'victim', state: 'DEADLOCK' });
      child.kill('SIGKILL');
      await once(child, 'exit');
      const { stdout, status } = ambit('ps');
      expect([stdout.split('\n')[0], status]).toEqual([
        'No program can be looked into. A program opts in by a task:',
        0,
      ]);
    }));

  test('the file of the socket is gone after SIGTERM', () =>
    withProgram('inspected.mjs', async (child) => {
      const socket = join(inspectorFolder(), `${child.pid}.sock`);
      expect(existsSync(socket)).toBe(true);
      child.kill('SIGTERM');
      await once(child, 'exit');
      expect(existsSync(socket)).toBe(false);
    }));

  test('writes a trace', () =>
    withProgram('inspected.mjs', ({ pid }) => {
      const out = join(home.path, 'trace.json');
      expect(ambit('trace', `${pid}`, '--ms', '20', '--out', out).status).toBe(0);
      expect(lstatSync(out).size).toBeGreaterThan(100);
    }));

  test('takes what a program answers for no fault of the command line', async () => {
    mkdirSync(inspectorFolder(), { recursive: true, mode: 0o700 });
    const answers = (socket: string): string =>
      `require('node:http').createServer((asked, answer) => { answer.statusCode = asked.url === '/snapshot' ? 200 : 400; answer.end('null') }).listen(${JSON.stringify(socket)}, () => console.log('up'))`;
    const socket = join(inspectorFolder(), '4194999.sock');
    const child = spawn(process.execPath, ['-e', answers(socket)]);
    await once(child.stdout, 'data');
    const tree = ambit('tree', '4194999');
    const trace = ambit('trace', '4194999', '--ms', '1');
    child.kill();
    await once(child, 'exit');
    expect([tree.status, tree.stderr]).toEqual([1, expect.not.stringContaining('Usage')]);
    expect([trace.status, trace.stderr]).toEqual([1, 'ambit: the program 4194999 refuses: null\n']);
  });

  test.each([
    [['tree', '999999999'], 1],
    [['tree', 'x'], 2],
    [['tree'], 2],
    [['fly'], 2],
    [[], 2],
    [['ps', '--what'], 2],
    [['ps', 'x'], 2],
    [['completion', 'x'], 2],
    [['tree', '999999999', 'x'], 2],
    [['--help'], 0],
  ])('ambit %j exits with %i', (args, status) => {
    expect(ambit(...args).status).toBe(status);
  });
});

test('an inspector ends with its scope, and refuses bad options', async () => {
  await moveOnAfter(50, () => serveInspector());
  expect(existsSync(join(inspectorFolder(), `${process.pid}.sock`))).toBe(false);
  await expect(serveInspector({ name: 1 } as never)).rejects.toThrow(TypeError);
  await expect(serveInspector({ path: '' })).rejects.toThrow(TypeError);
});
