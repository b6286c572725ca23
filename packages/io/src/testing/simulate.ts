import type { TaskGroup } from '@ambit/core';
import { checkCount, checkFunction, checkTime } from '@ambit/core/lowlevel';
import { testRun, VirtualLoop } from '@ambit/core/testing';
import { checkNetworkOptions } from './network-options.ts';
import type { SimulatedNetworkOptions } from './network-options.ts';
import { SimulatedNetwork } from './simulated-network.ts';
import type { NetworkEvent } from './world.ts';

/** Options for {@link simulate}. @beta */
export interface SimulateOptions extends SimulatedNetworkOptions {
  /** How many seeds are run, counted up from `seed`. Default: 1. */
  readonly runs?: number | undefined;
  /** Real milliseconds for each seed. Default: 4000. */
  readonly limit?: number | undefined;
}

const CAUSES = 'Does it use crypto, files, threads or a clock outside of hosts?';
/** How many of the last events a failure tells. */
const SHOWN = 20;

/**
 * Runs a test with a simulated network, once for each seed: it decides the latencies, what is lost, and in which order things
 * happen that are ready at the same time. A seed that fails is run once more, to see that it fails by the seed alone.
 * Waits for all runs, or for the first that fails.
 *
 * @beta
 * @param body - gets a network, a group and the loop; it must start from nothing
 * @param options - of the network; `runs`: how many seeds; `limit`: real milliseconds for each
 * @throws (rejects) an Error that names the seed and the last events, its `cause` what the body threw; TypeError, RangeError for
 *   arguments
 * @example
 * await simulate(async (network) => {
 *   const bank = network.host('bank', serveBank);
 *   const shop = network.host('shop', () => order('http://bank/'));
 *   await shop.outcome();
 *   assert.equal(charges, 1);
 * }, { runs: 100, latency: [1, 20] });
 */
export async function simulate(
  body: (network: SimulatedNetwork, group: TaskGroup, loop: VirtualLoop) => unknown,
  options?: SimulateOptions,
): Promise<void> {
  checkFunction('simulate', 'body', body);
  checkNetworkOptions('simulate', options);
  const { runs = 1, limit, seed: first = 1 } = options ?? {};
  checkCount('simulate', 'runs', runs, 1);
  if (limit !== undefined) checkTime('simulate', 'limit', limit);
  for (let seed = first; seed < first + runs; seed += 1) {
    const attempt = await once(body, { ...options, seed });
    if (attempt.failure === undefined) continue;
    const again = await once(body, { ...options, seed });
    throw failed(seed, attempt, again);
  }
}

interface Run {
  readonly events: readonly NetworkEvent[];
  readonly failure: { readonly error: unknown } | undefined;
}

async function once(
  body: Parameters<typeof simulate>[0],
  options: SimulateOptions & { seed: number },
): Promise<Run> {
  const { seed, limit, runs: _runs, ...rest } = options;
  const loop = new VirtualLoop({ date: rest.date ?? new Date('2026-01-01') });
  let network: SimulatedNetwork | undefined;
  let count = Infinity;
  try {
    await testRun(
      async (group) => {
        await using own = new SimulatedNetwork({ ...rest, seed });
        network = own;
        try {
          await body(own, group, loop);
        } catch (error) {
          // That its hosts are stopped then tells nothing.
          count = own.events.length;
          throw error;
        }
      },
      { seed, loop, limit },
    );
    return { events: [], failure: undefined };
  } catch (error) {
    return { events: network?.events.slice(0, count) ?? [], failure: { error } };
  }
}

function failed(seed: number, run: Run, again: Run): Error {
  const error = run.failure?.error;
  // It may be of another realm.
  const { message = String(error) } = (error ?? {}) as Partial<Error>;
  const lines = [
    `simulate: failed with seed ${seed}: ${message}`,
    ...run.events.slice(-SHOWN).map((event) => `  ${told(event)}`),
    `To see it again: simulate(body, { seed: ${seed} })`,
    ...difference(run, again),
  ];
  return new Error(lines.join('\n'), { cause: error });
}

function difference(run: Run, again: Run): string[] {
  const [before, after] = [run.events.map(told), again.events.map(told)];
  const at = before.findIndex((line, index) => line !== after[index]);
  const place = at === -1 && after.length > before.length ? before.length : at;
  if (place === -1 && again.failure !== undefined) return [];
  if (again.failure === undefined)
    return [`It is not deterministic: the second run does not fail. ${CAUSES}`];
  const what = `first "${before[place] ?? 'the end'}", then "${after[place] ?? 'the end'}"`;
  return [`It is not deterministic: ${what}. ${CAUSES}`];
}

function told({ at, what, from, to, port }: NetworkEvent): string {
  const peer = to === undefined ? '' : ` ${to}`;
  return `${at.toFixed(3)} ms: ${what} ${from}${peer}${port === undefined ? '' : `:${port}`}`;
}
