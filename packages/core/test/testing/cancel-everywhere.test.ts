import {
  gather,
  getRunningLoop,
  InvalidStateError,
  retry,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  yieldNow,
} from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { cancelEverywhere, testRun } from '@ambit/core/testing';

type Body = Parameters<typeof cancelEverywhere>[0];

/** A semaphore that is correct, in few lines. */
class Permits {
  available: number;
  readonly #line: Waker<void>[] = [];

  constructor(available: number) {
    this.available = available;
  }

  async acquire(): Promise<Disposable> {
    if (this.available > 0) {
      await yieldNow();
      this.available -= 1;
    } else {
      await park<void>((waker) => {
        this.#line.push(waker);
        return () => this.#line.splice(this.#line.indexOf(waker), 1);
      });
    }
    return {
      [Symbol.dispose]: () => {
        if (this.#line.shift()?.wake() !== true) this.available += 1;
      },
    };
  }
}

/** Milliseconds: of the processor, since others use this machine too. */
async function processorTime(work: () => Promise<void>): Promise<number> {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

async function messageOf(body: Body): Promise<string> {
  return String(await cancelEverywhere(body).catch((error: unknown) => error));
}

describe('cancelEverywhere finds', () => {
  test('a wait between taking and the block that gives back', async () => {
    const message = await messageOf(async (attempt) => {
      const permits = new Permits(1);
      await attempt(async () => {
        const held = await permits.acquire();
        await sleep(5);
        try {
          await sleep(5);
        } finally {
          held[Symbol.dispose]();
        }
      });
      if (permits.available !== 1) throw new Error('a permit is lost');
    });
    expect(message).toMatch(
      /^Error: cancelEverywhere: cancelled at checkpoint 2 of 3, on entry: a permit is lost\nThe checkpoint:\n/,
    );
    expect(message).toMatch(/cancel-everywhere\.test\.ts:\d+/);
    expect(message).not.toMatch(/packages\/core\/src/);
    expect(message).toMatch("cancelEverywhere(body, { at: '2' })");
  });

  test('cleanup that waits without a shield', async () => {
    const message = await messageOf(async (attempt) => {
      const log: string[] = [];
      await attempt(async () => {
        log.push('open');
        try {
          await sleep(5);
        } finally {
          await sleep(1);
          log.push('close');
        }
      });
      if (log.length !== 2) throw new Error('cleanup was cut short');
    });
    expect(message).toMatch('cancelled at checkpoint 1 of 2, on entry: cleanup was cut short');
  });

  test('money that is moved in two steps', async () => {
    const message = await messageOf(async (attempt) => {
      const account = { a: 100, b: 0 };
      await attempt(async () => {
        account.a -= 10;
        await sleep(1);
        account.b += 10;
      });
      if (account.a + account.b !== 100) throw new Error('money is lost');
    });
    expect(message).toMatch('cancelled at checkpoint 1 of 1, on entry: money is lost');
  });

  test('a cancellation that comes out as something else', async () => {
    const message = await messageOf(async (attempt) => {
      await attempt(async () => {
        try {
          await sleep(5);
        } catch (error) {
          throw new Error('could not save', { cause: error });
        }
      });
    });
    expect(message).toMatch('cancelled at checkpoint 1 of 1, on entry: could not save');
  });

  test('what holds only if the call is cancelled while it waits', async () => {
    const message = await messageOf(async (attempt) => {
      let waiting = 0;
      await attempt(() =>
        park<void>((waker) => {
          waiting += 1;
          getRunningLoop().callLater(1, () => {
            if (waker.wake()) waiting -= 1;
          });
        }),
      );
      await sleep(2);
      if (waiting > 0) throw new Error('still counted');
    });
    expect(message).toMatch('cancelled at checkpoint 1 of 1, after it: still counted');
    expect(message).toMatch("{ at: '1+' }");
  });

  test('a timer that is left behind, and a failure of the uncancelled run', async () => {
    expect(
      await messageOf(async (attempt) => {
        await attempt(async () => {
          const timer = getRunningLoop().callLater(50, () => undefined);
          await sleep(5);
          timer.cancel();
        });
      }),
    ).toMatch(/cancelled at checkpoint 1 of 1, on entry: .*has left 1 timer behind/);
    const fault = new Error('fault');
    const fails = cancelEverywhere(async (attempt) => {
      await attempt(() => Promise.reject(fault));
    });
    await expect(fails).rejects.toMatchObject({
      message: 'cancelEverywhere: failed without a cancellation: fault',
      cause: fault,
    });
  });
});

const correct: Record<string, Body> = {
  'a resource that is disposed of': async (attempt) => {
    const permits = new Permits(1);
    await attempt(async () => {
      using _held = await permits.acquire();
      await sleep(5);
      await sleep(5);
    });
    expect(permits.available).toBe(1);
  },
  'cleanup under a shield': async (attempt) => {
    const log: string[] = [];
    await attempt(async () => {
      log.push('open');
      try {
        await sleep(5);
      } finally {
        await shield(async () => {
          await sleep(1);
          log.push('close');
        });
      }
    });
    if (log.length > 0) expect(log).toEqual(['open', 'close']);
  },
  'a group with tasks': async (attempt) => {
    let live = 0;
    const work = async (): Promise<void> => {
      live += 1;
      try {
        await sleep(1);
        await sleep(1);
      } finally {
        live -= 1;
      }
    };
    await attempt(() => gather([work, work, work]));
    expect(live).toBe(0);
  },
  'a time limit': async (attempt) => {
    await attempt(() => timeout(3, () => sleepForever()).catch(() => sleep(1)));
  },
  'a retry with jitter': async (attempt) => {
    let calls = 0;
    await attempt(() =>
      retry(
        async () => {
          await yieldNow();
          calls += 1;
          if (calls < 3) throw new Error('not yet');
        },
        { attempts: 5 },
      ),
    );
  },
  'permits that are contended': async (attempt, group) => {
    const permits = new Permits(1);
    group.spawn(async () => {
      using _held = await permits.acquire();
      await sleep(3);
    });
    await attempt(async () => {
      await sleep(1);
      using _held = await permits.acquire();
      await sleep(5);
    });
    await group.join();
    expect(permits.available).toBe(1);
  },
  'a group inside a group': async (attempt) => {
    await attempt(() =>
      taskGroup(async (group) => {
        group.spawn(() => sleepForever(), { daemon: true });
        await group.spawn(() => taskGroup((inner) => void inner.spawn(() => sleep(2))));
      }),
    );
  },
  'a function that does not wait': async (attempt) => {
    expect(await attempt(() => 7)).toEqual({ status: 'fulfilled', value: 7, wasCancelled: false });
  },
};

describe('cancelEverywhere', () => {
  test.each(Object.entries(correct))('passes %s', async (_what, body) => {
    const { checkpoints, runs, isComplete } = await cancelEverywhere(body);
    expect({ runs, isComplete }).toEqual({ runs: 1 + 2 * checkpoints, isComplete: true });
  });

  test('counts checkpoints of tasks and of shielded cleanup, and not those around the attempt', async () => {
    const report = await cancelEverywhere(async (attempt) => {
      await sleep(1);
      await attempt(async () => {
        await gather([() => sleep(1), () => sleep(1)]);
        await shield(() => sleep(1));
      });
      await sleep(1);
    });
    expect(report.checkpoints).toBeGreaterThanOrEqual(3);
    expect(await cancelEverywhere((attempt) => attempt(() => 1))).toEqual({
      checkpoints: 0,
      runs: 1,
      isComplete: true,
    });
  });

  test('tells a value from a cancellation, and that a cancellation was swallowed', async () => {
    const outcomes: unknown[] = [];
    await cancelEverywhere(async (attempt) => {
      outcomes.push(
        await attempt(async () => {
          await sleep(1);
          await sleep(1).catch(() => undefined);
          return 'value';
        }),
      );
    });
    const cancelled = { status: 'cancelled' };
    const value = { status: 'fulfilled', value: 'value' };
    expect(outcomes).toEqual([
      { ...value, wasCancelled: false },
      cancelled,
      cancelled,
      { ...value, wasCancelled: true },
      { ...value, wasCancelled: true },
    ]);
  });

  test('tries a limited number of checkpoints', async () => {
    const body: Body = async (attempt) => {
      await attempt(async () => {
        for (let round = 0; round < 5; round += 1) await sleep(1);
      });
    };
    expect(await cancelEverywhere(body, { limit: 2 })).toEqual({
      checkpoints: 5,
      runs: 5,
      isComplete: false,
    });
    expect(await cancelEverywhere(body, { limit: 5 })).toMatchObject({ isComplete: true });
  });

  test('each of its runs takes about as long as a test run of the body alone', async () => {
    const body = async (): Promise<void> => {
      for (let step = 0; step < 100; step += 1) await sleep(1);
    };
    const everywhere = async (): Promise<void> => {
      const found = await cancelEverywhere(async (attempt) => {
        await attempt(body);
      });
      expect(found).toMatchObject({ checkpoints: 100, runs: 201 });
    };
    const alone = async (): Promise<void> => {
      for (let run = 0; run < 201; run += 1) await testRun(body);
    };
    const ratios: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      ratios.push((await processorTime(everywhere)) / (await processorTime(alone)));
    }
    expect(Math.min(...ratios)).toBeLessThan(3);
  });

  test('runs one cancellation again by its token', async () => {
    const log: string[] = [];
    const body: Body = async (attempt) => {
      const { status } = await attempt(async () => {
        await sleep(1);
        log.push('first');
        await sleep(1);
      });
      if (status === 'cancelled' && log.length > 0) throw new Error('half done');
    };
    await expect(cancelEverywhere(body, { at: '2+' })).rejects.toThrow(
      'cancelled at checkpoint 2 of 2, after it: half done',
    );
    expect(log).toEqual(['first']);
    log.splice(0);
    expect(await cancelEverywhere(body, { at: '1' })).toEqual({
      checkpoints: 1,
      runs: 1,
      isComplete: false,
    });
  });

  test('attempt is called exactly once', async () => {
    await expect(cancelEverywhere(() => undefined)).rejects.toThrow(InvalidStateError);
    const twice: Body = async (attempt) => {
      await attempt(() => sleep(1));
      await attempt(() => sleep(1)).catch(() => undefined);
    };
    await expect(cancelEverywhere(twice)).rejects.toThrow(InvalidStateError);
  });

  test('a body that does not wait for attempt is told so, and leaves no rejection behind', async () => {
    const rejections: unknown[] = [];
    const note = (error: unknown): void => void rejections.push(error);
    process.on('unhandledRejection', note);
    const floats: Body = (attempt) => void attempt(() => sleep(1));
    const fails: Body = (attempt) => {
      void attempt(() => sleep(1));
      throw new Error('no server');
    };
    await expect(cancelEverywhere(floats)).rejects.toThrow(
      'the body ended before attempt did; await what attempt(fn) returns',
    );
    await expect(cancelEverywhere(fails)).rejects.toThrow('no server');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
  });

  test('a body that does something else when it runs again is found out', async () => {
    let runs = 0;
    const body: Body = async (attempt) => {
      runs += 1;
      const rounds = runs === 1 ? 3 : 1;
      await attempt(async () => {
        for (let round = 0; round < rounds; round += 1) await sleep(1);
      });
    };
    await expect(cancelEverywhere(body)).rejects.toThrow(InvalidStateError);
    await expect(cancelEverywhere(body, { at: '9' })).rejects.toThrow(
      'the body passed 1 checkpoint, and was to be cancelled at number 9',
    );
  });

  test('chance is the same in each run', async () => {
    const ends: number[] = [];
    await cancelEverywhere(async (attempt, _group, loop) => {
      const result = await attempt(() =>
        retry(() => Promise.reject(new Error('no')), { attempts: 4 }).catch(() => undefined),
      );
      if (result.status === 'fulfilled' && !result.wasCancelled) ends.push(loop.now());
    });
    expect(new Set(ends).size).toBe(1);
  });

  test.each<[unknown, string]>([
    [{ limit: 0 }, 'limit is 0'],
    [{ limit: '5' }, 'limit is "5"'],
    [{ at: '0' }, 'at is "0"'],
    [{ at: 'x' }, 'at is "x"'],
    [{ at: 5 }, 'at is 5'],
    [7, 'options is 7'],
  ])('refuses %j', async (options, message) => {
    const body: Body = (attempt) => attempt(() => undefined);
    await expect(cancelEverywhere(body, options as never)).rejects.toThrow(message);
    await expect(cancelEverywhere(undefined as never)).rejects.toThrow('body is undefined');
    await expect(cancelEverywhere((attempt) => attempt(undefined as never))).rejects.toThrow(
      'attempt: fn is undefined',
    );
  });
});
