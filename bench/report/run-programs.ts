import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Announced, Message, Sample } from '../contest.ts';

/** A claim, with what was measured for each contender: ours first. */
export interface Measured extends Announced {
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
}

export interface Plan {
  /** The Node that measures. */
  readonly node: string;
  /** Paths of the programs. */
  readonly programs: readonly string[];
  /** How often each contender gets a process of its own, in turn with the others, and its rounds there. */
  readonly passes: number;
  readonly rounds: number;
  /** Before each claim: its title, and that it is number `at` of `of`. */
  readonly onClaim?: (title: string, at: number, of: number) => void;
}

/** Measures all claims of all programs, one contender at a time. */
export async function* runPrograms(plan: Plan): AsyncGenerator<Measured, void> {
  const claims: (readonly [program: string, claim: Announced])[] = [];
  for (const program of plan.programs) {
    for (const claim of await claimsOf(plan, program)) claims.push([program, claim]);
  }
  for (const [at, [program, claim]] of claims.entries()) {
    plan.onClaim?.(claim.title, at + 1, claims.length);
    yield await measure(plan, program, claim);
  }
}

async function claimsOf(plan: Plan, program: string): Promise<Announced[]> {
  const messages = await start(plan, program, {});
  return messages.flatMap((message) => (message.is === 'claim' ? [message.claim] : []));
}

async function measure(plan: Plan, program: string, claim: Announced): Promise<Measured> {
  const samples = new Map(claim.contenders.map((name): [string, Sample[]] => [name, []]));
  for (let pass = 0; pass < plan.passes; pass += 1) {
    // In turn, so that a machine that grows slow is slow for all of them.
    for (const contender of claim.contenders) {
      const order = { title: claim.title, contender, rounds: plan.rounds };
      for (const message of await start(plan, program, order)) {
        if (message.is === 'sample') samples.get(contender)?.push(message.sample);
      }
    }
  }
  return { ...claim, samples };
}

/** Runs a program with an order, and answers what it said. */
async function start(plan: Plan, program: string, order: object): Promise<Message[]> {
  const child = fork(program, {
    execPath: plan.node,
    execArgv: ['--expose-gc', '--enable-source-maps'],
    env: { ...process.env, AMBIT_BENCH: JSON.stringify(order) },
  });
  const messages: Message[] = [];
  child.on('message', (message: Message) => messages.push(message));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${JSON.stringify(order)} ended with ${code}`);
  return messages;
}
