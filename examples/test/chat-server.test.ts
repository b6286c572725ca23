import { timeout } from '@ambit/core';
import { bufferedReader, connectTcp } from '@ambit/io';
import type { BufferedReader, SocketStream } from '@ambit/io';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

// The server as a reader runs it, and guests who talk to it.

const program = join(resolve(__dirname, '../..'), 'examples/dist/chat-server.js');

jest.setTimeout(90_000);

let server: ChildProcess;
let port: number;

async function start(...options: string[]): Promise<void> {
  server = spawn(process.execPath, ['--trace-warnings', program, '--port', '0', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = createInterface({ input: server.stdout! });
  const [line] = (await once(lines, 'line')) as [string];
  port = Number(/^listening on 127\.0\.0\.1:(\d+)$/u.exec(line)?.[1]);
}

/** Ends it by a signal, and answers what it had to complain of. */
async function stop(signal: NodeJS.Signals): Promise<string> {
  let complaints = '';
  server.stderr!.on('data', (chunk) => (complaints += String(chunk)));
  server.kill(signal);
  const [code, by] = (await once(server, 'close')) as [number | null, string | null];
  expect({ code, by }).toEqual({ code: null, by: signal });
  return complaints;
}

afterEach(() => server.kill('SIGKILL'));

class Guest {
  readonly #stream: SocketStream;
  readonly #lines: BufferedReader;

  constructor(stream: SocketStream) {
    this.#stream = stream;
    this.#lines = bufferedReader(stream);
  }

  static async enter(name: string): Promise<Guest> {
    const guest = new Guest(await connectTcp({ host: '127.0.0.1', port }));
    expect(String(await guest.#lines.readExactly(11))).toBe('your name? ');
    await guest.say(name);
    return guest;
  }

  say(line: string): Promise<void> {
    return this.#stream.send(`${line}\n`);
  }

  hear(): Promise<string | undefined> {
    return timeout(5000, () => this.#lines.readLine());
  }

  leave(): Promise<void> {
    return this.#stream.close();
  }
}

test('what one says, all the others hear; coming and leaving too', async () => {
  await start();
  const ann = await Guest.enter('Ann');
  const bob = await Guest.enter('Bob');
  expect(await ann.hear()).toBe('* Bob is here');
  const cy = await Guest.enter('Cy');
  expect(await ann.hear()).toBe('* Cy is here');
  expect(await bob.hear()).toBe('* Cy is here');
  await ann.say('hello');
  expect(await bob.hear()).toBe('Ann: hello');
  expect(await cy.hear()).toBe('Ann: hello');
  await bob.leave();
  expect(await ann.hear()).toBe('* Bob has left');
  expect(await cy.hear()).toBe('* Bob has left');
  const second = await Guest.enter('Ann');
  expect(await second.hear()).toBe('sorry, another time');
  expect(await second.hear()).toBeUndefined();
  expect(await stop('SIGINT')).toBe('');
  // Everybody is let go.
  for (const guest of [ann, cy]) {
    const last = await guest.hear().catch(() => 'cut off');
    expect([undefined, 'cut off', '* Ann has left', '* Cy has left']).toContain(last);
  }
  await Promise.all([ann, cy, second].map((guest) => guest.leave()));
});

test('--echo: everybody hears himself', async () => {
  await start('--echo');
  const stream = await connectTcp({ host: '127.0.0.1', port });
  const guest = new Guest(stream);
  await guest.say('hello?');
  expect(await guest.hear()).toBe('hello?');
  await stream.sendEof();
  expect(await guest.hear()).toBeUndefined();
  await guest.leave();
  expect(await stop('SIGTERM')).toBe('');
});

test('a port that is taken: says so, and fails', async () => {
  await start();
  const second = spawn(process.execPath, [program, '--port', String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  second.stderr.on('data', (chunk) => (complaints += String(chunk)));
  expect(await once(second, 'close')).toEqual([1, null]);
  expect(complaints).toContain('EADDRINUSE');
});
