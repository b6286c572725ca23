import { Future, timeout } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { node } from '../node.ts';
import { fromReadable } from '../streams/from-stream.ts';
import { FrameReader, maskedFrame } from './web-socket.ts';

/** A message of the debugger: the answer to a call, or an event. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Milliseconds until a debugger has to have answered. */
const PATIENCE = 5000;

/** A connection to V8's debugger in another process. A client of WebSocket is a part of Node only from version 22 on. */
export class DebuggerSession implements Disposable {
  readonly #socket: Duplex;
  readonly #calls = new Map<number, Future<unknown>>();
  readonly #events = new Map<string, Future<unknown>>();
  /** The addresses of scripts, by their ids. */
  readonly #scripts = new Map<string, string>();
  #ids = 0;

  private constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    const reader = new FrameReader((text) => {
      this.#take(JSON.parse(text) as Message);
    });
    socket.on('data', (piece: Buffer) => {
      reader.add(piece);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#fail();
    });
    reader.add(head);
  }

  /** Connects to the process whose debugger listens on a port of this machine. */
  static async open(port: number): Promise<DebuggerSession> {
    const targets = (await askDebugger(port, '/json/list')) as { webSocketDebuggerUrl: string }[];
    const { pathname } = new URL(targets[0]?.webSocketDebuggerUrl ?? '');
    const [socket, head] = await timeout(PATIENCE, () => upgraded(port, pathname));
    return new DebuggerSession(socket, head);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** Calls a method of the protocol, and waits for its result. */
  async call<T>(method: string, params: object = {}): Promise<T> {
    const id = this.send(method, params);
    const answer = new Future<unknown>();
    this.#calls.set(id, answer);
    try {
      return (await timeout(PATIENCE, () => answer.wait())) as T;
    } finally {
      this.#calls.delete(id);
    }
  }

  /** Calls a method whose result is not waited for; returns the number of the call. */
  send(method: string, params: object): number {
    this.#ids += 1;
    const id = this.#ids;
    this.#socket.write(maskedFrame(JSON.stringify({ id, method, params })));
    return id;
  }

  /** Evaluates an expression in the process, also while its event loop is blocked. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.call<Evaluated>('Runtime.evaluate', {
      expression,
      returnByValue: true,
    });
    if (exceptionDetails === undefined) return result.value;
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  }

  /** Waits for the next event of a kind. */
  next<T>(method: string): Promise<T> {
    const event = this.#events.get(method) ?? new Future<unknown>();
    this.#events.set(method, event);
    return timeout(PATIENCE, () => event.wait()) as Promise<T>;
  }

  /** The address of a script that the debugger has told of. */
  addressOf(scriptId: string): string {
    return this.#scripts.get(scriptId) ?? '';
  }

  #take({ id, method, params, result, error }: Message): void {
    if (method === 'Debugger.scriptParsed') {
      const { scriptId, url } = params as { scriptId: string; url: string };
      this.#scripts.set(scriptId, url);
    }
    if (method !== undefined) {
      this.#events.get(method)?.resolve(params);
      this.#events.delete(method);
    }
    const call = id === undefined ? undefined : this.#calls.get(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error.message));
  }

  #fail(): void {
    for (const each of [...this.#calls.values(), ...this.#events.values()]) {
      each.reject(new Error('the process has closed the connection of its debugger'));
    }
  }
}

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: {
    readonly text: string;
    readonly exception?: { readonly description?: string };
  };
}

/** What a debugger that listens on a port of this machine tells without a connection. */
export function askDebugger(port: number, path: string): Promise<unknown> {
  return timeout(PATIENCE, async () => {
    const response = await park<IncomingMessage>(
      (waker) => {
        const asked = node.http.get({ host: '127.0.0.1', port, path, agent: false }, (answer) =>
          waker.wake(answer),
        );
        asked.on('error', (error) => waker.fail(error));
        return () => asked.destroy();
      },
      { name: 'the debugger' },
    );
    const decoder = new TextDecoder();
    let text = '';
    for await (const piece of fromReadable(response))
      text += decoder.decode(piece, { stream: true });
    return JSON.parse(text) as unknown;
  });
}

function upgraded(port: number, path: string): Promise<[Duplex, Buffer]> {
  return park<[Duplex, Buffer]>(
    (waker) => {
      const headers = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': node.crypto.randomBytes(16).toString('base64'),
        'sec-websocket-version': '13',
      };
      const asked = node.http.get({ host: '127.0.0.1', port, path, headers, agent: false });
      asked.on('upgrade', (_: IncomingMessage, socket: Duplex, head: Buffer) => {
        waker.wake([socket, head]);
      });
      asked.on('error', (error) => waker.fail(error));
      return () => asked.destroy();
    },
    { name: 'the debugger' },
  );
}
