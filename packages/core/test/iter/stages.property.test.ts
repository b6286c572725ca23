import { CancelScope, sleep, TimeoutError } from '@ambit/core';
import {
  batch,
  buffer,
  closing,
  mapConcurrent,
  merge,
  safe,
  timeoutEach,
  zip,
} from '@ambit/core/iter';
import { testRun } from '@ambit/core/testing';
import fc from 'fast-check';
import { Probe } from '../support/iter-probe.ts';
import type { SourceSpec, Tagged } from '../support/iter-probe.ts';

const source: fc.Arbitrary<SourceSpec> = fc.record({
  kind: fc.constantFrom('generator', 'sync', 'by hand'),
  delays: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 7 }),
  failsAt: fc.option(fc.nat(7), { nil: undefined, freq: 3 }),
  cleanup: fc.nat(20),
});

interface Stage {
  readonly text: string;
  readonly count: number;
  /** How many items of each source may have been asked for and not been given. */
  readonly ahead: number;
  readonly isOrdered: boolean;
  /** Whether an end of a source means that of all. */
  readonly isZip?: boolean;
  apply(
    sources: readonly (AsyncIterable<Tagged> | Iterable<Tagged>)[],
  ): AsyncIterable<Tagged | Tagged[]>;
}

const fnError = new Error('in fn');

const stage: fc.Arbitrary<Stage> = fc.oneof(
  fc.nat(3).map((n): Stage => ({
    text: `buffer ${String(n)}`,
    count: 1,
    ahead: n + 1,
    isOrdered: true,
    apply: ([only]) => buffer(only!, n),
  })),
  fc
    .record({ limit: fc.integer({ min: 1, max: 4 }), ordered: fc.boolean(), failsAt: fc.nat(30) })
    .map(({ limit, ordered, failsAt }): Stage => ({
      text: `mapConcurrent ${JSON.stringify({ limit, ordered, failsAt })}`,
      count: 1,
      ahead: limit,
      isOrdered: ordered,
      apply: ([only]) =>
        mapConcurrent(
          only!,
          async (item, index) => {
            await sleep((index * 7) % 20);
            if (index === failsAt) throw fnError;
            return item;
          },
          { limit, ordered },
        ),
    })),
  fc.integer({ min: 1, max: 3 }).map((count): Stage => ({
    text: `merge of ${String(count)}`,
    count,
    ahead: 1,
    isOrdered: true,
    apply: (sources) => merge(...sources),
  })),
  fc.integer({ min: 1, max: 3 }).map((count): Stage => ({
    text: `zip of ${String(count)}`,
    count,
    ahead: 1,
    isOrdered: true,
    isZip: true,
    apply: (sources) => zip(...sources),
  })),
  fc
    .record({ size: fc.integer({ min: 1, max: 4 }), within: fc.nat(40) })
    .map(({ size, within }): Stage => ({
      text: `batch ${JSON.stringify({ size, within })}`,
      count: 1,
      ahead: size,
      isOrdered: true,
      apply: ([only]) => batch(only!, { size, within }),
    })),
  fc.integer({ min: 0, max: 60 }).map((ms): Stage => ({
    text: `timeoutEach ${String(ms)}`,
    count: 1,
    ahead: 1,
    isOrdered: true,
    apply: ([only]) => timeoutEach(only!, ms),
  })),
  fc.constantFrom<Stage>(
    { text: 'closing', count: 1, ahead: 1, isOrdered: true, apply: ([only]) => closing(only!) },
    { text: 'safe', count: 1, ahead: 1, isOrdered: true, apply: ([only]) => safe(() => only!)() },
    {
      text: 'a chain',
      count: 1,
      ahead: 4,
      isOrdered: true,
      apply: ([only]) => merge(mapConcurrent(buffer(only!, 1), (item) => item, { limit: 2 })),
    },
  ),
);

const consumer = fc.record({
  ends: fc.constantFrom('at the end', 'by break', 'by throw', 'by cancellation'),
  after: fc.integer({ min: 0, max: 5 }),
  work: fc.nat(20),
});

const loopError = new Error('in the loop');

test(
  'every source that was begun is closed once, no item comes twice, nothing runs too far ahead',
  () =>
    fc.assert(
      fc.asyncProperty(stage, fc.array(source, { minLength: 3, maxLength: 3 }), consumer, check),
      { numRuns: 500 },
    ),
  60_000,
);

async function check(
  { apply, count, ahead, isOrdered, isZip }: Stage,
  specs: SourceSpec[],
  { ends, after, work }: { ends: string; after: number; work: number },
): Promise<void> {
  const probes = specs.slice(0, count).map((spec) => new Probe(spec));
  const seen = new Set<Tagged>();
  const last = new Map<Probe, number>();
  const take = (item: Tagged): void => {
    expect(seen.has(item)).toBe(false);
    seen.add(item);
    item.source.given += 1;
    // In order, and without gaps.
    if (isOrdered) expect(item.at).toBe((last.get(item.source) ?? -1) + 1);
    last.set(item.source, item.at);
  };
  const loop = async (): Promise<void> => {
    let steps = 0;
    for await (const items of apply(probes.map(({ iterable }) => iterable))) {
      [items].flat().forEach(take);
      await sleep(work);
      steps += 1;
      if (steps <= after) continue;
      if (ends === 'by break') return;
      if (ends === 'by throw') throw loopError;
    }
    if (!isZip)
      for (const [at, probe] of probes.entries())
        expect(probe.given).toBe(specs[at]!.delays.length);
  };
  const allowed: unknown[] = [fnError, ...probes.map(({ error }) => error)];
  if (ends === 'by throw') allowed.push(loopError);
  await testRun(async () => {
    const limits = ends === 'by cancellation' ? { timeout: after * 13 } : {};
    await new CancelScope(limits).run(loop).catch((error: unknown) => {
      if (!(error instanceof TimeoutError) && !allowed.includes(error)) throw error;
    });
    // At once, not some time later.
    for (const probe of probes) {
      expect(probe.closed).toBe(probe.isBegun ? 1 : 0);
      expect(probe.mostAhead).toBeLessThanOrEqual(ahead);
    }
  });
}
