import { checkOptions, checkNumber, show } from '@ambit/core/lowlevel';
import type { Machine } from './machine.ts';

/** How a link between two hosts is. @beta */
export interface LinkOptions {
  /** Milliseconds one way: a number, or the least and the most of what is drawn. Default 1; within a host 0. */
  readonly latency?: number | readonly [least: number, most: number] | undefined;
  /** Bytes for each millisecond. Default: Infinity. */
  readonly bandwidth?: number | undefined;
  /** The share of UDP packets that are lost, 0 to 1. Default: 0. */
  readonly loss?: number | undefined;
}

/** What gets through a cut link: nothing. UDP packets are lost, or wait. */
export type Cut = 'partition' | 'hold';

/** One direction between two machines. */
interface Link {
  options: LinkOptions;
  cut: Cut | undefined;
  /** The instant from which it carries the next byte. */
  freeAt: number;
}

/** The links between all machines. */
export class Links {
  readonly #defaults: LinkOptions;
  readonly #random: () => number;
  readonly #links = new Map<string, Link>();

  constructor(defaults: LinkOptions, random: () => number) {
    this.#defaults = defaults;
    this.#random = random;
  }

  set(from: Machine, to: Machine, options: LinkOptions): void {
    this.#of(from, to).options = options;
  }

  cut(from: Machine, to: Machine, how: Cut | undefined): void {
    this.#of(from, to).cut = how;
  }

  cutOf(from: Machine, to: Machine): Cut | undefined {
    return this.#links.get(keyOf(from, to))?.cut;
  }

  isLost(from: Machine, to: Machine): boolean {
    const loss = this.#of(from, to).options.loss ?? this.#defaults.loss ?? 0;
    return loss > 0 && this.#random() < loss;
  }

  /** The instant at which bytes that are sent now are there. */
  arrival(
    from: Machine,
    to: Machine,
    sent: { readonly now: number; readonly size: number },
  ): number {
    const link = this.#of(from, to);
    const bandwidth = link.options.bandwidth ?? this.#defaults.bandwidth ?? Infinity;
    link.freeAt = Math.max(sent.now, link.freeAt) + sent.size / bandwidth;
    return link.freeAt + this.#latency(from, to, link.options);
  }

  #latency(from: Machine, to: Machine, options: LinkOptions): number {
    if (from === to) return 0;
    const latency = options.latency ?? this.#defaults.latency ?? 1;
    if (typeof latency === 'number') return latency;
    const [least, most] = latency;
    return least + this.#random() * (most - least);
  }

  #of(from: Machine, to: Machine): Link {
    const key = keyOf(from, to);
    const known = this.#links.get(key);
    if (known !== undefined) return known;
    const link: Link = { options: {}, cut: undefined, freeAt: 0 };
    this.#links.set(key, link);
    return link;
  }
}

function keyOf(from: Machine, to: Machine): string {
  return `${from.address}>${to.address}`;
}

/** Checks options that cannot be left out. */
export function requireLink(where: string, options: LinkOptions | undefined): void {
  if (options !== undefined) checkLink(where, options);
  else throw new TypeError(`${where}: options is undefined; give { latency }, for example`);
}

export function checkLink(where: string, options: LinkOptions | undefined): void {
  checkOptions(where, options);
  const { latency, bandwidth, loss } = options ?? {};
  if (latency !== undefined) checkLatency(where, latency);
  if (bandwidth !== undefined) {
    checkNumber(where, 'bandwidth', bandwidth, 'give bytes for each millisecond, more than 0');
    if (!(bandwidth > 0)) refuse(where, `bandwidth is ${bandwidth}`, 'a number above 0');
  }
  if (loss !== undefined) {
    checkNumber(where, 'loss', loss, 'give a share from 0 to 1');
    if (!(loss >= 0 && loss <= 1)) refuse(where, `loss is ${loss}`, 'a share from 0 to 1');
  }
}

function checkLatency(where: string, latency: unknown): void {
  const range: readonly unknown[] = Array.isArray(latency) ? latency : [latency, latency];
  const [least, most] = range;
  if (typeof least !== 'number' || typeof most !== 'number' || range.length !== 2) {
    const cure = 'give milliseconds, or [least, most]';
    throw new TypeError(`${where}: latency is ${told(latency)}; ${cure}`);
  }
  if (least >= 0 && most >= least && most < Infinity) return;
  refuse(where, `latency is ${told(latency)}`, 'milliseconds from 0, or [least, most]');
}

/** With the values of an array, of which there are few. */
function told(latency: unknown): string {
  if (!Array.isArray(latency) || latency.length > 5) return show(latency);
  return `[${latency.map(show).join(', ')}]`;
}

function refuse(where: string, what: string, cure: string): never {
  throw new RangeError(`${where}: ${what}; give ${cure}`);
}
