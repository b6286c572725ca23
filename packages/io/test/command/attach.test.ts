import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { FrameReader, maskedFrame } from '../../src/command/web-socket.ts';
import { ambit, useOwnDirectory, withProgram } from '../support/inspected-program.ts';
import { freePort } from '../../../../test-servers/free-port.ts';

jest.setTimeout(60_000);
useOwnDirectory();

/** A program that nobody can look into, whose debugger would listen on a port of its own. */
async function withClosedProgram(
  body: (pid: number, port: number) => Promise<void> | void,
): Promise<void> {
  const port = await freePort();
  const env = { NODE_OPTIONS: `--inspect-port=${port}` };
  await withProgram('shop.mjs', ({ pid }) => body(pid, port), { args: ['closed'], env });
}

const isOpen = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/json/version`).then(
    () => true,
    () => false,
  );

test('a program that has no inspector is looked into by its debugger, which is closed again', () =>
  withClosedProgram(async (pid, port) => {
    const { stdout, status } = ambit('attach', `${pid}`, '--yes', '--port', `${port}`);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^DEADLOCK: "Plato" waits for lock "left fork"/);
    expect(stdout).toMatch(/task order 12: running/);
    expect(stdout).not.toContain('\u001b');
    expect(await isOpen(port)).toBe(false);
  }));

test('of a program that computes without a pause it shows where', () =>
  withClosedProgram(async (pid, port) => {
    process.kill(pid, 'SIGUSR2');
    const { stdout } = ambit('attach', `${pid}`, '--yes', '--port', `${port}`);
    expect(stdout).toMatch(
      /^BLOCKED: the event loop is held.*, in\n {4}at spin \(file:.*shop\.mjs:\d+:\d+\)/,
    );
    expect(stdout).toMatch(/^DEADLOCK/m);
    expect(await isOpen(port)).toBe(false);
  }));

test('without --yes it asks, and where it cannot ask it sends no signal', () =>
  withClosedProgram(async (pid, port) => {
    const { stderr, status } = ambit('attach', `${pid}`, '--port', `${port}`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/every user of this machine can run code in the process/);
    expect(await isOpen(port)).toBe(false);
  }));

test('a process that SIGUSR1 would end gets none', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const { stderr, status } = ambit('attach', `${child.pid}`, '--yes');
  expect([status, stderr]).toEqual([1, expect.stringContaining('would end by SIGUSR1')]);
  expect(child.kill(0)).toBe(true);
  child.kill();
  await once(child, 'exit');
});

test('a process that has ended is named as such, also before its parent has asked for its end', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  child.kill('SIGKILL');
  const { stderr, status } = ambit('attach', `${child.pid}`, '--yes');
  expect([status, stderr]).toEqual([1, `ambit: the process ${child.pid} has ended\n`]);
  await once(child, 'exit');
});

test('a debugger that was open stays open, and one of another process is not taken for this one', () =>
  withClosedProgram(async (pid) => {
    const port = await freePort();
    const env = { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` };
    await withProgram(
      'shop.mjs',
      async (other) => {
        expect(ambit('attach', `${other.pid}`, '-y', '--port', `${port}`).status).toBe(0);
        expect(await isOpen(port)).toBe(true);
        const { stderr, status } = ambit('attach', `${pid}`, '-y', '--port', `${port}`);
        expect([status, stderr]).toEqual([1, expect.stringContaining(`process ${other.pid}`)]);
      },
      { args: ['closed'], env },
    );
  }));

test.each([
  [['attach'], 2],
  [['attach', '-1'], 2],
  [['attach', '1x'], 2],
  [['attach', '999999999'], 1],
])('ambit %j exits with %i', (args, status) => {
  expect(ambit(...args).status).toBe(status);
});

describe('frames of a WebSocket', () => {
  /** As a server sends them: without a mask. */
  function unmasked(frame: Buffer): Buffer {
    const short = frame[1]! & 127;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    const mask = frame.subarray(head, head + 4);
    const body = frame.subarray(head + 4).map((byte, at) => byte ^ mask[at % 4]!);
    return Buffer.concat([Buffer.from([frame[0]!, short]), frame.subarray(2, head), body]);
  }

  test.each([0, 125, 126, 65_535, 65_536, 200_000])('of %i bytes, in pieces', (size) => {
    const seen: string[] = [];
    const reader = new FrameReader((text) => seen.push(text));
    const sent = ['é'.repeat(size / 2), 'next'];
    const bytes = Buffer.concat(sent.map((text) => unmasked(maskedFrame(text))));
    for (let at = 0; at < bytes.length; at += 30_011) reader.add(bytes.subarray(at, at + 30_011));
    expect(seen).toEqual([sent[0], 'next']);
  });

  test('a message of several frames is one, and a ping is none', () => {
    const seen: string[] = [];
    const reader = new FrameReader((text) => seen.push(text));
    const ping = Buffer.from([0x89, 1, 120]);
    const parts = [Buffer.from([0x01, 2, 97, 98]), ping, Buffer.from([0x80, 1, 99])];
    for (const byte of Buffer.concat(parts)) reader.add(Buffer.from([byte]));
    expect(seen).toEqual(['abc']);
  });
});
