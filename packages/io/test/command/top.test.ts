import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { command, ambit, useOwnDirectory, withProgram } from '../support/inspected-program.ts';

useOwnDirectory();

// Each command is a process of its own, and one that is not answered waits for some seconds.
jest.setTimeout(60_000);

// With a terminal of its own, of a known size.
function onTerminal(args: string): ReturnType<typeof spawn> {
  const line = `stty cols 100 rows 30; ${JSON.stringify(process.execPath)} ${JSON.stringify(command)} ${args}`;
  return spawn('script', ['-qefc', line, '/dev/null'], { env: { ...process.env, TERM: 'xterm' } });
}

/** Collects what a terminal shows, and waits for a part of it. */
function watchScreen(child: ReturnType<typeof spawn>): (part: RegExp) => Promise<string> {
  let text = '';
  child.stdout!.on('data', (piece) => (text += String(piece)));
  return async (part) => {
    while (!part.test(text)) await once(child.stdout!, 'data');
    const seen = text;
    text = '';
    return seen;
  };
}

test('elsewhere than on a terminal, top prints one report after the other', () =>
  withProgram('shop.mjs', ({ pid }) => {
    const { stdout, status } = ambit('top', `${pid}`, '--every', '100', '--count', '3');
    expect(status).toBe(0);
    expect(stdout.match(/^DEADLOCK: "Plato"/gm)).toHaveLength(3);
    // eslint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/\u001b/);
    expect(stdout).toMatch(/^each second: .* spawned, .*; processor: .*reports \d+/m);
    const lines = ambit('top', `${pid}`, '--every', '100', '--count', '2', '--json').stdout;
    const [first] = lines.trim().split('\n');
    expect(JSON.parse(first!)).toMatchObject({ pid, name: 'shop' });
  }));

test('ends with the program that it shows', () =>
  withProgram('shop.mjs', async (child) => {
    const top = spawn(process.execPath, [command, 'top', `${child.pid}`, '--every', '100'], {
      env: { ...process.env },
    });
    const shows = watchScreen(top);
    await shows(/pid/);
    const ended = once(top, 'exit');
    child.kill();
    await shows(/has ended/);
    expect((await ended)[0]).toBe(0);
  }));

test('on a terminal it has the whole screen, obeys keys, and gives the screen back', () =>
  withProgram('shop.mjs', async ({ pid }) => {
    const top = onTerminal(`top ${pid} --every 100`);
    const shows = watchScreen(top);
    const first = await shows(/q quit/);
    expect(first).toContain('\u001b[?1049h');
    expect(first).toMatch(/DEADLOCK/);
    top.stdin!.write('s');
    await shows(/s sort: cpu/);
    top.stdin!.write('/till\r');
    const filtered = await shows(/\/ filter: till/);
    expect(filtered).toContain('order 10');
    top.stdin!.write(' ');
    await shows(/frozen \d+/);
    const ended = once(top, 'exit');
    top.stdin!.write('q');
    // eslint-disable-next-line no-control-regex
    await shows(/\u001b\[\?25h\u001b\[\?1049l/);
    expect((await ended)[0]).toBe(0);
  }));

test('a program whose event loop is blocked is listed, and top says why it shows nothing', () =>
  withProgram('shop.mjs', ({ pid }) => {
    process.kill(pid, 'SIGUSR2');
    expect(ambit('ps').stdout).toMatch(new RegExp(`^${pid} +NO ANSWER`));
    const { stderr, status } = ambit('top', `${pid}`, '--count', '1');
    expect([stderr, status]).toEqual([expect.stringMatching(/its event loop is blocked/), 1]);
  }));

test.each([
  [['top'], 2],
  [['top', '999999999'], 1],
  [['top', '1', '--every', '5'], 2],
  [['top', '1', '--count', '0'], 2],
])('ambit %j exits with %i', (args, status) => {
  expect(ambit(...args).status).toBe(status);
});
