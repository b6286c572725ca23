// What programs of bench/claims and the report say to each other. It imports nothing, since nothing is to be loaded in a cold process.

/** A claim: Ambit takes at most `atMost` times as much as `against`; without `against`, at most `atMost`. */
export interface Aim {
  readonly against?: string;
  /** Or as many times as one contender takes as much as another: both are bare programs. */
  readonly atMost: number | Growth;
  /** A bare program that gives the same guarantee, among the contenders: where it does not meet the aim, no library can. Or its growth. */
  readonly bare?: string | Growth;
}

export interface Growth {
  readonly of: string;
  readonly from: string;
}

/** A message from a program of this directory to the program that runs it. */
export type Message =
  | { readonly is: 'claim'; readonly claim: Announced }
  | { readonly is: 'sample'; readonly sample: Sample };

/** A claim as it is told to others. */
export interface Announced {
  readonly title: string;
  /** What is counted: 'µs' of processor time for each job, 'bytes', … */
  readonly unit: string;
  readonly count: number;
  readonly contenders: readonly string[];
  readonly aims: readonly Aim[];
  readonly rate?: string | undefined;
  /** By what factor its ratios may grow before the guard reports it: those of the least of each contender, which noise moves least. */
  readonly width?: number | undefined;
  /** Each round is to have a process of its own, with nothing loaded that the contender does not load. Default false. */
  readonly isCold?: boolean | undefined;
  /** Of Node, for the processes of all contenders. */
  readonly flags?: readonly string[] | undefined;
  /** The least number of processes for each contender: its aim is finer than the noise of a few. */
  readonly passes?: number | undefined;
}

export interface Sample {
  readonly value: number;
  /** Microseconds that passed, for each job, where that is another figure. */
  readonly passed?: number;
  /** The same with what it took to import the contender, where that is measured. */
  readonly imported?: number;
}

/** What this process is to measure; undefined: it is only to tell what there is. */
const wanted = JSON.parse(process.env['AMBIT_BENCH'] ?? '{}') as {
  readonly title?: string;
  readonly contender?: string;
  readonly rounds?: number;
};

/** The number of rounds that it is to measure. */
export const roundsWanted = wanted.rounds ?? 1;

/** Announces a claim, and answers which of its contenders this process is to measure, if any. */
export function contenderFor<C extends { readonly name: string }>(
  claim: Omit<Announced, 'contenders'>,
  contenders: readonly C[],
): C | undefined {
  if (wanted.title === undefined) {
    say({ is: 'claim', claim: { ...claim, contenders: contenders.map(({ name }) => name) } });
  }
  if (wanted.title !== claim.title) return undefined;
  return contenders.find(({ name }) => name === wanted.contender);
}

export function say(message: Message): void {
  if (process.send === undefined) throw new Error('bench: start this with `npm run bench`');
  process.send(message);
}
