import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Announced, Message, Sample } from '../messages.ts';

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

// Not where a process is to be cold: each import would read its source map.
const FLAGS = ['--expose-gc', '--enable-source-maps'];

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

async function claimsOf({ node }: Plan, program: string): Promise<Announced[]> {
  const messages = await start(program, { node, flags: FLAGS, order: {} });
  return messages.flatMap((message) => (message.is === 'claim' ? [message.claim] : []));
}

async function measure(plan: Plan, program: string, claim: Announced): Promise<Measured> {
  const { node } = plan;
  const samples = new Map(claim.contenders.map((name): [string, Sample[]] => [name, []]));
  const { passes, rounds, flags } = manner(plan, claim);
  for (let pass = 0; pass < passes; pass += 1) {
    // In turn, so that a machine that grows slow is slow for all of them.
    for (const contender of claim.contenders) {
      const order = { title: claim.title, contender, rounds };
      for (const message of await start(program, { node, flags, order })) {
        if (message.is === 'sample') samples.get(contender)?.push(message.sample);
      }
    }
  }
  return { ...claim, samples };
}

function manner(
  plan: Plan,
  claim: Announced,
): Pick<Plan, 'passes' | 'rounds'> & Pick<Start, 'flags'> {
  if (claim.isCold === true) return { passes: plan.passes * plan.rounds, rounds: 1, flags: [] };
  const passes = Math.max(plan.passes, claim.passes ?? 1);
  return { passes, rounds: plan.rounds, flags: [...FLAGS, ...(claim.flags ?? [])] };
}

interface Start {
  readonly node: string;
  /** Of Node. */
  readonly flags: readonly string[];
  readonly order: object;
}

/** Runs a program with an order, and answers what it said. */
async function start(program: string, { node, flags, order }: Start): Promise<Message[]> {
  const child = fork(program, {
    execPath: node,
    execArgv: [...flags],
    env: { ...process.env, AMBIT_BENCH: JSON.stringify(order) },
  });
  const messages: Message[] = [];
  child.on('message', (message: Message) => messages.push(message));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${JSON.stringify(order)} ended with ${code}`);
  return messages;
}
