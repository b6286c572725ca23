import { EventEmitter } from 'node:events';
import { CancelScope, currentScope, run, sleep, taskGroup } from '@ambit/core';
import { connectTcp, events, listenTcp, openSignals } from '@ambit/io';

/** Runs the body, with the means to drain the scope around it; nothing is cancelled. */
async function draining<T>(body: (drain: () => void) => Promise<T>): Promise<T | undefined> {
  const scope = new CancelScope();
  const value = await run(() => scope.run(() => taskGroup(() => body(() => scope.drain()))), {
    signals: [],
  });
  expect(scope.cancelCalled).toBe(false);
  return value;
}

describe('events in a scope that drains', () => {
  test('give what came before, then end, and listen no more', async () => {
    const emitter = new EventEmitter();
    const seen = await draining(async (drain) => {
      const stream = events<[number]>(emitter, 'tick');
      emitter.emit('tick', 1);
      emitter.emit('tick', 2);
      drain();
      expect(emitter.listenerCount('tick')).toBe(0);
      emitter.emit('tick', 3);
      const ticks: number[] = [];
      for await (const [tick] of stream) ticks.push(tick);
      return ticks;
    });
    expect(seen).toEqual([1, 2]);
  });

  test('end a loop that waits', async () => {
    const emitter = new EventEmitter();
    await draining(async (drain) => {
      await taskGroup((group) => {
        group.spawn(async () => {
          for await (const _ of events(emitter, 'tick')) expect(_).toBeUndefined();
        });
        drain();
      });
    });
    expect(emitter.eventNames()).toEqual([]);
  });

  test('of a stream that was made outside of that scope: the loop ends, and the stream with it', async () => {
    const emitter = new EventEmitter();
    await taskGroup(async () => {
      const stream = events<[number]>(emitter, 'tick');
      await draining(async (drain) => {
        const looping = (async () => {
          for await (const [tick] of stream) expect(tick).toBe(1);
        })();
        emitter.emit('tick', 1);
        await sleep(1);
        drain();
        await looping;
      });
      expect(emitter.eventNames()).toEqual([]);
    });
  });

  test('which were made when it drained already: there are none', async () => {
    const emitter = new EventEmitter();
    await draining(async (drain) => {
      drain();
      for await (const _ of events(emitter, 'tick')) expect(_).toBeUndefined();
    });
    expect(emitter.eventNames()).toEqual([]);
  });
});

describe('openSignals in a scope that drains', () => {
  test('gives the default action back at once, and what came before to the loop', async () => {
    const seen = await draining(async (drain) => {
      using receiver = openSignals('SIGUSR2', 'SIGWINCH');
      process.emit('SIGUSR2', 'SIGUSR2');
      drain();
      expect(process.listenerCount('SIGUSR2') + process.listenerCount('SIGWINCH')).toBe(0);
      const names: string[] = [];
      for await (const name of receiver) names.push(name);
      return names;
    });
    expect(seen).toEqual(['SIGUSR2']);
  });

  test('ends a loop that waits', async () => {
    await draining(async (drain) => {
      using receiver = openSignals('SIGUSR2');
      const looping = (async () => {
        for await (const name of receiver) expect(name).toBeUndefined();
      })();
      await sleep(1);
      drain();
      await looping;
    });
  });
});

describe('listener.serve in a scope that drains', () => {
  /** Serves one connection, whose handler takes 30 ms, and drains while it is at work. */
  function drainWhileServing(grace?: number): Promise<string[] | undefined> {
    const log: string[] = [];
    return draining(async (drain) => {
      const listener = await listenTcp({ port: 0, host: '127.0.0.1' });
      await taskGroup(async (group) => {
        const handler = async (): Promise<void> => {
          const { scope } = { scope: currentScope() };
          drain();
          log.push(`draining ${String(scope.isDraining)}`);
          await sleep(30);
          log.push('handled');
        };
        group.spawn(() => listener.serve(handler, { grace }).then(() => log.push('served')));
        const client = await connectTcp(listener.address);
        expect(await client.receive()).toBeUndefined();
        await expect(connectTcp(listener.address)).rejects.toThrow('ECONNREFUSED');
      });
      return log;
    });
  }

  test('closes the socket, lets handlers end, and resolves', async () => {
    expect(await drainWhileServing()).toEqual(['draining true', 'handled', 'served']);
  });

  test('cancels handlers that do not end within the grace', async () => {
    expect(await drainWhileServing(5)).toEqual(['draining true', 'served']);
  });

  test('which drained already: serves nothing', async () => {
    await draining(async (drain) => {
      const listener = await listenTcp({ port: 0, host: '127.0.0.1' });
      drain();
      await listener.serve(() => undefined);
    });
  });
});
