// rules 209-217, 221-223, by search: handles that are cloned and closed, permits, policies, select. Every item that
// was accepted is received once or given to onUndelivered once; every other one neither.
import { CancelScope, sleep } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import {
  BrokenChannelError,
  channel,
  ClosedError,
  EndOfChannelError,
  ReceiveChannel,
  select,
  SendChannel,
} from '@ambit/sync';
import type { ChannelOptions, SendPermit } from '@ambit/sync';
import fc from 'fast-check';

const step = fc.record({
  do: fc.oneof(
    { weight: 6, arbitrary: fc.constant('send' as const) },
    { weight: 6, arbitrary: fc.constant('receive' as const) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'trySend' as const,
        'tryReceive' as const,
        'next' as const,
        'selectSend' as const,
        'selectReceive' as const,
        'selectBoth' as const,
      ),
    },
    { weight: 3, arbitrary: fc.constant('reserve' as const) },
    { weight: 3, arbitrary: fc.constantFrom('usePermit' as const, 'dropPermit' as const) },
    { weight: 4, arbitrary: fc.constant('cancel' as const) },
    { weight: 2, arbitrary: fc.constantFrom('cloneSender' as const, 'cloneReceiver' as const) },
    { weight: 1, arbitrary: fc.constantFrom('closeSender' as const, 'closeReceiver' as const) },
    { weight: 3, arbitrary: fc.constantFrom('microtask' as const, 'settle' as const) },
    { weight: 1, arbitrary: fc.constant('wait' as const) },
  ),
  which: fc.nat(7),
  cut: fc.constantFrom('scope' as const, 'timeout' as const),
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Plan {
  readonly capacity: number;
  readonly onFull: NonNullable<ChannelOptions<number>['onFull']>;
  readonly steps: readonly Step[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  capacity: fc.constantFrom(0, 1, 2, 3),
  onFull: fc.constantFrom('wait', 'wait', 'drop-oldest', 'drop-newest'),
  steps: fc.array(step, { minLength: 2, maxLength: 50, size: 'medium' }),
});

/** An operation that waits, or has ended. */
interface Operation {
  readonly kind: 'send' | 'receive' | 'reserve' | 'select';
  readonly scope: CancelScope;
  isOver: boolean;
}

class Play {
  readonly #group: TaskGroup;
  readonly #plan: Plan;
  readonly #senders: SendChannel<number>[];
  readonly #receivers: ReceiveChannel<number>[];
  readonly #permits: SendPermit<number>[] = [];
  readonly #operations: Operation[] = [];
  readonly #accepted: number[] = [];
  readonly #undelivered: number[] = [];
  /** Items, at the place of who received them, in the order in which they came. */
  readonly #received: (number | undefined)[] = [];
  readonly #any: ReceiveChannel<number>;
  #items = 0;
  #receives = 0;
  #hasPermits = false;

  constructor(group: TaskGroup, plan: Plan) {
    this.#group = group;
    this.#plan = plan;
    const [sender, receiver] = channel<number>(plan.capacity, {
      onFull: plan.onFull,
      onUndelivered: (item) => this.#undelivered.push(item),
    });
    this.#senders = [sender];
    this.#receivers = [receiver];
    this.#any = receiver;
  }

  /** Answers what is to be awaited, if anything: most moves are made in the tick of the one before. */
  take({ do: what, which, cut }: Step): Promise<void> | undefined {
    const sender = pick(this.#senders, which);
    const receiver = pick(this.#receivers, which);
    if (what === 'microtask') return Promise.resolve();
    if (what === 'wait') return sleep(1);
    if (what === 'settle') return this.#rest();
    if (what === 'cancel') pick(this.#waiting(), which)?.scope.cancel();
    else if (what === 'usePermit') this.#use(this.#permits.pop());
    else if (what === 'dropPermit') this.#permits.shift()?.[Symbol.dispose]();
    else if (what.endsWith('Sender')) this.#change(this.#senders, sender, what);
    else if (what.endsWith('Receiver')) this.#change(this.#receivers, receiver, what);
    else if (sender !== undefined && receiver !== undefined) {
      this.#begin(what, sender, receiver, cut);
    }
    return undefined;
  }

  #change<H extends { clone(): H; close(): void }>(
    all: H[],
    one: H | undefined,
    what: string,
  ): void {
    if (one === undefined) return;
    if (what.startsWith('clone')) {
      all.push(one.clone());
      return;
    }
    one.close();
    all.splice(all.indexOf(one), 1);
  }

  #use(permit: SendPermit<number> | undefined): void {
    if (permit === undefined) return;
    const item = this.#item();
    try {
      permit.send(item);
      this.#accepted.push(item);
    } catch (error) {
      if (!(error instanceof BrokenChannelError) && !isUsed(error)) throw error;
    }
    permit[Symbol.dispose]();
  }

  #item(): number {
    this.#items += 1;
    return this.#items;
  }

  #begin(
    what: string,
    sender: SendChannel<number>,
    receiver: ReceiveChannel<number>,
    cut: 'scope' | 'timeout',
  ): void {
    if (what === 'trySend') {
      this.#attempt(() => {
        const item = this.#item();
        // Before the call: it may give it back at once.
        this.#accepted.push(item);
        if (!sender.trySend(item)) this.#accepted.pop();
      });
    } else if (what === 'tryReceive') {
      this.#attempt(() => {
        const place = this.#place();
        const taken = receiver.tryReceive();
        if (taken.ok) this.#received[place] = taken.value;
      });
    } else if (what === 'reserve') {
      if (this.#plan.capacity === 0) return;
      this.#hasPermits = true;
      this.#run('reserve', cut, async () => this.#permits.push(await sender.reserve()));
    } else if (what === 'send' || what === 'selectSend') {
      const item = this.#item();
      this.#run(what === 'send' ? 'send' : 'select', cut, async () => {
        await (what === 'send' ? sender.send(item) : select(select.send(sender, item)));
        this.#accepted.push(item);
      });
    } else if (what === 'selectBoth') {
      const [item, place] = [this.#item(), this.#place()];
      this.#run('select', cut, async () => {
        const fired = await select(select.receive(receiver), select.send(sender, item));
        if (fired.index === 0) this.#received[place] = fired.value;
        else this.#accepted.push(item);
      });
    } else {
      this.#receive(what, receiver, cut);
    }
  }

  #receive(what: string, receiver: ReceiveChannel<number>, cut: 'scope' | 'timeout'): void {
    const place = this.#place();
    this.#run(what === 'selectReceive' ? 'select' : 'receive', cut, async () => {
      if (what === 'receive') this.#received[place] = await receiver.receive();
      else if (what === 'next') {
        const next = await receiver[Symbol.asyncIterator]().next();
        if (next.done !== true) this.#received[place] = next.value;
      } else this.#received[place] = (await select(select.receive(receiver))).value;
    });
  }

  #place(): number {
    this.#receives += 1;
    return this.#receives;
  }

  #attempt(body: () => void): void {
    try {
      body();
    } catch (error) {
      if (!isOfChannel(error)) throw error;
    }
  }

  #run(kind: Operation['kind'], cut: 'scope' | 'timeout', body: () => Promise<unknown>): void {
    const scope = new CancelScope(cut === 'timeout' ? { timeout: 3 } : {});
    const operation: Operation = { kind, scope, isOver: false };
    this.#operations.push(operation);
    this.#group.spawn(async () => {
      try {
        await scope.run(body);
      } catch (error) {
        if (!isOfChannel(error)) throw error;
      } finally {
        operation.isOver = true;
      }
    });
  }

  #waiting(): Operation[] {
    return this.#operations.filter(({ isOver }) => !isOver);
  }

  async #rest(): Promise<void> {
    await settle();
    this.#judge();
  }

  #judge(): void {
    const statistics = this.#any.statistics();
    const { size, reserved, sending, reserving, receiving, waiting, capacity } = statistics;
    const { openSenders, openReceivers } = statistics;
    // Law: nobody waits for what is there, or will never be.
    if (receiving > 0) expect({ size, sending: 0 }).toEqual({ size: 0, sending: 0 });
    if (receiving > 0) expect(openSenders).toBeGreaterThan(0);
    if (sending + reserving > 0) {
      expect(size + reserved).toBe(capacity);
      expect(openReceivers).toBeGreaterThan(0);
    }
    if (openReceivers === 0) expect(size).toBe(0);
    // Law: who waits, waits in a line, and nobody else does.
    const both = this.#waiting().filter(({ kind }) => kind === 'select').length;
    expect(waiting).toBeGreaterThanOrEqual(this.#waiting().length);
    expect(waiting).toBeLessThanOrEqual(this.#waiting().length + both);
    expect(statistics).toMatchObject({ openReceivers: this.#receivers.length });
    // Law: what was accepted is stored, received or given back.
    const received = this.#received.filter((item) => item !== undefined);
    expect(size + received.length + this.#undelivered.length).toBe(this.#accepted.length);
    this.#judgeItems(received);
  }

  #judgeItems(received: readonly number[]): void {
    const gone = [...received, ...this.#undelivered];
    expect(new Set(gone).size).toBe(gone.length);
    for (const item of gone) expect(this.#accepted).toContain(item);
    // Law: first in, first out. An item that is sent by a permit may overtake one that waits.
    if (!this.#hasPermits) expect(received).toEqual(received.toSorted((a, b) => a - b));
  }

  async end(): Promise<void> {
    await this.#rest();
    for (const permit of this.#permits) permit[Symbol.dispose]();
    for (const sender of this.#senders) sender.close();
    for (const receiver of this.#receivers) receiver.close();
    this.#receivers.length = 0;
    await this.#rest();
    // Law: everything is as it was, and nobody is stuck.
    expect(this.#waiting()).toEqual([]);
    for (const permit of this.#permits) permit[Symbol.dispose]();
    expect(this.#any.statistics()).toMatchObject({
      waiting: 0,
      size: 0,
      reserved: 0,
      openSenders: 0,
      openReceivers: 0,
    });
  }
}

function pick<T>(from: readonly T[], index: number): T | undefined {
  return from[index % Math.max(from.length, 1)];
}

function isOfChannel(error: unknown): boolean {
  return [BrokenChannelError, ClosedError, EndOfChannelError].some((kind) => error instanceof kind);
}

function isUsed(error: unknown): boolean {
  return error instanceof Error && error.name === 'InvalidStateError';
}

test(
  'channel: each accepted item is received once, or given back once, whatever is closed or cancelled when',
  () =>
    fc.assert(
      fc.asyncProperty(plan, (all) =>
        testRun(async (group) => {
          const play = new Play(group, all);
          for (const next of all.steps) {
            const pause = play.take(next);
            if (pause !== undefined) await pause;
          }
          await play.end();
        }),
      ),
      { numRuns: 200 },
    ),
  60_000,
);
