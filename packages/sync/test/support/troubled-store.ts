import { getRunningLoop } from '@ambit/core';
import { memoryStore } from '@ambit/sync/lease';
import type { LeaseStore } from '@ambit/sync/lease';

type Operation = 'acquire' | 'renew' | 'release' | 'revoke' | 'holders' | 'take';
type Trouble = 'fails' | 'hangs' | { readonly slow: number } | { readonly lateAnswer: number };

/** Time passes on the way, whatever is cancelled meanwhile. */
function pass(ms: number): Promise<void> {
  return new Promise((resolve) => {
    getRunningLoop().callLater(ms, resolve);
  });
}

/** A store in memory whose operations fail, hang, or answer late, and that notes what it was asked. */
export class TroubledStore implements LeaseStore {
  readonly asked: string[] = [];
  readonly trouble: Partial<Record<Operation, Trouble>> = {};
  readonly #store = memoryStore();
  readonly onChange = this.#store.onChange!.bind(this.#store);
  listening = false;

  count(operation: Operation): number {
    return this.asked.filter((each) => each === operation).length;
  }

  async #ask<T>(operation: Operation, fn: () => Promise<T>): Promise<T> {
    this.asked.push(operation);
    const trouble = this.trouble[operation];
    if (trouble === 'fails') throw new Error(`${operation} failed`);
    if (trouble === 'hangs') return new Promise(() => undefined);
    // The request arrives late, or its answer does.
    if (trouble !== undefined && 'slow' in trouble) await pass(trouble.slow);
    const answer = await fn();
    if (trouble !== undefined && 'lateAnswer' in trouble) await pass(trouble.lateAnswer);
    return answer;
  }

  readonly acquire: LeaseStore['acquire'] = (request) =>
    this.#ask('acquire', () => this.#store.acquire(request));
  readonly renew: LeaseStore['renew'] = (request) =>
    this.#ask('renew', () => this.#store.renew(request));
  readonly release: LeaseStore['release'] = (key) =>
    this.#ask('release', () => this.#store.release(key));
  readonly revoke: LeaseStore['revoke'] = (name) =>
    this.#ask('revoke', () => this.#store.revoke(name));
  readonly holders: LeaseStore['holders'] = (name) =>
    this.#ask('holders', () => this.#store.holders(name));
  readonly take: LeaseStore['take'] = (request) =>
    this.#ask('take', () => this.#store.take(request));
}
