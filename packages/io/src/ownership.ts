import { ContextVar } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { currentGroup, suppress } from '@ambit/core/lowlevel';
import { ClosedResourceError } from './errors.ts';
import { onPowerOff } from './real-work.ts';

/** One for each group that something was opened in. */
const owners = new WeakMap<TaskGroup, Owner>();

/**
 * Has a handle closed when the innermost explicit group around the caller ends, unless it is released before.
 *
 * @returns is to be told when the handle has closed, and to be asked to give it to another group
 */
export function own(handle: AsyncDisposable): Holding {
  return new Holding(handle, currentOwner());
}

/** The same for what is real where hosts are simulated: it closes as well when the host that has opened it crashes. */
export function ownReal(handle: AsyncDisposable): Holding {
  const forget = onPowerOff(() => {
    // No caller is left to be told of an error.
    close(handle).catch(() => undefined);
  });
  return new Holding(handle, currentOwner(), forget);
}

/** Says which group closes a handle, as long as it is open; outside of any group it is none. */
export class Holding {
  readonly #handle: AsyncDisposable;
  #owner: Owner | undefined;
  readonly #released: (() => void) | undefined;
  #isOver = false;

  constructor(handle: AsyncDisposable, owner: Owner | undefined, released?: () => void) {
    this.#handle = handle;
    this.#released = released;
    this.#owner = owner;
    owner?.add(handle);
  }

  /** It has closed, or other code closes it. */
  release(): void {
    this.#isOver = true;
    this.#owner?.release(this.#handle);
    this.#released?.();
  }

  /** Another group closes it from now on. */
  moveTo(group: TaskGroup): void {
    if (this.#isOver) return;
    const next = ownerOf(group);
    this.#owner?.release(this.#handle);
    this.#owner = next;
    next.add(this.#handle);
  }
}

/**
 * Opens something that takes its time. If the call is not awaited, the group around it may end before it: then this closes
 * what comes.
 *
 * @param verb - the call, for the message
 * @throws (rejects) ClosedResourceError then; what `open` rejects with
 */
export async function opening<T extends AsyncDisposable>(
  verb: string,
  open: () => T | PromiseLike<T>,
): Promise<T> {
  const owner = currentOwner();
  // In a cleanup at the end of the group: the caller's alone.
  const isAlone = owner === undefined || owner.isOver();
  const handle = await open();
  if (isAlone || !owner.isOver()) return handle;
  await handle[Symbol.asyncDispose]();
  throw new ClosedResourceError(
    `${verb}: the group around the call ended before it did, so that it is closed again; await the call in the group`,
  );
}

function currentOwner(): Owner | undefined {
  const group = currentGroup();
  if (group === undefined) return undefined;
  const share = currentShare();
  return share?.isOf(group) === true ? share.owner() : ownerOf(group);
}

function ownerOf(group: TaskGroup): Owner {
  return owners.get(group) ?? newOwner(group);
}

function newOwner(group: TaskGroup): Owner {
  const owner = new Owner();
  owners.set(group, owner);
  // Once for each group, not for each handle: a group lives for years, and forgets what was closed.
  group.defer(() => owner.closeAll());
  return owner;
}

const shares = new ContextVar<Share>({ name: 'share' });

/** The one that the caller runs in. */
export function currentShare(): Share | undefined {
  return shares.get();
}

/**
 * A part of a group that owns what is opened in it, and ends before the group: as good as a group of its own where
 * nothing is spawned into it by hand, and at a fraction of its price.
 */
export class Share {
  readonly #group: TaskGroup;
  #owner: Owner | undefined;
  #isOver = false;

  constructor(group: TaskGroup) {
    this.#group = group;
  }

  /** Calls a function in it; so is all that it awaits and spawns. */
  run<T>(fn: () => T): T {
    return shares.run(this, fn);
  }

  /** Whether it represents this group: not for one inside of it, and not any more once it is over. */
  isOf(group: TaskGroup): boolean {
    return group === this.#group && !this.#isOver;
  }

  /** Whether anything was opened in it. */
  get isUsed(): boolean {
    return this.#owner !== undefined;
  }

  owner(): Owner {
    return (this.#owner ??= new Owner());
  }

  async closeAll(): Promise<void> {
    this.#isOver = true;
    await this.#owner?.closeAll();
  }
}

async function close(handle: AsyncDisposable): Promise<void> {
  await handle[Symbol.asyncDispose]();
}

/** The handles that a group closes at its end. */
export class Owner {
  readonly #handles = new Set<AsyncDisposable>();
  #isOver = false;

  /** Whether it has closed all, and closes nothing more. */
  isOver(): boolean {
    return this.#isOver;
  }

  add(handle: AsyncDisposable): void {
    this.#handles.add(handle);
  }

  /** It has closed, or other code closes it. */
  release(handle: AsyncDisposable): void {
    this.#handles.delete(handle);
  }

  /** Last first; neighbours of one kind together, so that the slow ones among many do not add up. */
  async closeAll(): Promise<void> {
    const errors: unknown[] = [];
    while (this.#handles.size > 0) {
      const closing = this.#takeLast().map(close);
      for (const outcome of await Promise.allSettled(closing)) {
        if (outcome.status === 'rejected') errors.push(outcome.reason);
      }
    }
    this.#isOver = true;
    if (errors.length === 0) return;
    const [first, ...later] = errors;
    suppress(first, later);
    throw first;
  }

  #takeLast(): AsyncDisposable[] {
    const handles = [...this.#handles];
    const kind = handles.at(-1)?.constructor;
    const others = handles.findLastIndex((handle) => handle.constructor !== kind);
    const last = handles.slice(others + 1).reverse();
    for (const handle of last) this.#handles.delete(handle);
    return last;
  }
}
