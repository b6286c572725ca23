import { currentMachine } from './current-machine.ts';
import type { Machine } from './machine.ts';
import { patch } from './patch.ts';

/** What a clock and chance say on a simulated machine is the loop's and the seed's. */
export function patchClocks(): void {
  // A process that is gone draws nothing from the chance of the others.
  patch(Math, 'random', ({ world, isGrave }) => (isGrave ? 0 : world.random()));
  patch(globalThis.performance, 'now', ({ world }) => world.loop.now());
  patch(process, 'uptime', ({ world }) => world.loop.now() / 1000);
  patch(process, 'hrtime', ({ world }, _self, [since]) =>
    elapsed(nanoseconds(world.loop.now()), since),
  );
  patch(process.hrtime, 'bigint', ({ world }) => nanoseconds(world.loop.now()));
  patchDate();
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}

function elapsed(now: bigint, since: unknown): [number, number] {
  const [seconds, rest] = (since ?? [0, 0]) as [number, number];
  const past = now - BigInt(seconds) * 1_000_000_000n - BigInt(rest);
  return [Number(past / 1_000_000_000n), Number(past % 1_000_000_000n)];
}

function timeOfDay({ world }: Machine): number {
  return world.origin + Math.floor(world.loop.now());
}

function patchDate(): void {
  const Real = globalThis.Date;
  patch(Real, 'now', timeOfDay);
  const simulated = new Proxy(Real, {
    construct(target, args: unknown[], newTarget: new () => object): object {
      const machine = currentMachine();
      const own = args.length === 0 && machine !== undefined ? [timeOfDay(machine)] : args;
      return Reflect.construct(target, own, newTarget === simulated ? target : newTarget) as object;
    },
    apply: (target) => new target(target.now()).toString(),
  });
  // `new Date().constructor` is Date, as ever.
  Object.defineProperty(Real.prototype, 'constructor', {
    value: simulated,
    writable: true,
    configurable: true,
  });
  globalThis.Date = simulated;
}
