import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CancelScope, currentScope } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';

/** What a scope is, in the plainest way: a cancellation of its own, a shield, a parent. */
interface Model {
  readonly parent: Model | undefined;
  isCancelled: boolean;
  isShielded: boolean;
  /** Whether it has been cancelled, by itself or from above, at any time. */
  wasReached: boolean;
  isEnded: boolean;
}

function isEffectivelyCancelled(scope: Model): boolean {
  if (scope.isCancelled) return true;
  if (scope.isShielded || scope.parent === undefined) return false;
  return isEffectivelyCancelled(scope.parent);
}

/** The scopes whose cancellation holds here. */
function* origins(scope: Model): Iterable<Model> {
  if (scope.isCancelled) yield scope;
  if (!scope.isShielded && scope.parent !== undefined) yield* origins(scope.parent);
}

/** The real scope beside its model, and a wait in it. */
class Pair {
  readonly scope: CancelScope;
  readonly model: Model;
  readonly children: Pair[] = [];
  undone = 0;
  rejected: unknown;

  constructor(parent: Pair | undefined, isShielded: boolean) {
    this.scope = new CancelScope({ shield: isShielded, ...(parent && { parent: parent.scope }) });
    this.model = {
      parent: parent?.model,
      isCancelled: false,
      isShielded,
      wasReached: false,
      isEnded: false,
    };
    parent?.children.push(this);
    this.scope._start(currentScope());
  }

  /** Parks in the scope; the wait has ended if the scope was ever cancelled. */
  async wait(): Promise<void> {
    const undo = (): void => void (this.undone += 1);
    // Entering by hand: bodies that nest would fix the order in which the scopes end.
    this.scope._awaitsEntry = true;
    await this.scope
      .run(() => park<void>(() => undo).catch((error: unknown) => void (this.rejected = error)))
      .catch(() => undefined);
  }
}

type Step = { do: 'cancel' | 'toggle' | 'grow' | 'read signal' | 'end'; which: number };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('cancel', 'toggle', 'toggle', 'grow', 'grow', 'read signal', 'end'),
  which: fc.nat(40),
});

class World {
  readonly pairs: Pair[];

  constructor() {
    this.pairs = [new Pair(undefined, false)];
  }

  take({ do: action, which }: Step): void {
    const pair = this.pairs[which % this.pairs.length]!;
    const { model, scope } = pair;
    if (model.isEnded) return;
    if (action === 'cancel') {
      model.isCancelled = true;
      scope.cancel(which);
    } else if (action === 'toggle') {
      model.isShielded = !model.isShielded;
      scope.shield = model.isShielded;
    } else if (action === 'grow') {
      const child = new Pair(pair, which % 3 === 0);
      this.pairs.push(child);
    } else if (action === 'read signal') {
      assert.ok(model.wasReached || !scope.signal.aborted);
    } else if (pair.children.every((child) => child.model.isEnded) && pair !== this.pairs[0]) {
      model.isEnded = true;
      scope[Symbol.dispose]();
    }
    for (const each of this.pairs) this.#note(each);
  }

  #note({ model }: Pair): void {
    if (!model.isEnded && isEffectivelyCancelled(model)) model.wasReached = true;
  }

  /** Compares everything that shows with the model. */
  compare(before: ReadonlyMap<Pair, unknown>): void {
    for (const pair of this.pairs) {
      const { scope, model } = pair;
      if (model.isEnded) continue;
      const expected = isEffectivelyCancelled(model);
      // Not expect(), which is slow, and this is done a hundred thousand times.
      assert.equal(scope.reason !== undefined, expected);
      assert.equal(scope.cancelCalled, model.isCancelled);
      assert.equal(scope.effectiveDeadline, expected ? -Infinity : Infinity);
      if (expected) this.#checkReason(pair, before.get(pair));
      if (scope._controller !== undefined && (expected || !model.wasReached))
        assert.equal(scope.signal.aborted, expected);
    }
  }

  // The reason is one of those that hold, and stays while it does.
  #checkReason({ scope, model }: Pair, before: unknown): void {
    const holding = [...origins(model)].map(
      (origin) => this.pairs.find((pair) => pair.model === origin)?.scope,
    );
    assert.ok(holding.includes(scope.reason?.scope));
    const stays = holding.some((each) => each === (before as CancelScope['reason'])?.scope);
    if (before !== undefined && stays) assert.equal(scope.reason, before);
  }

  reasons(): Map<Pair, unknown> {
    return new Map(this.pairs.map((pair) => [pair, pair.scope.reason]));
  }

  end(): void {
    for (const { scope } of [...this.pairs].reverse()) scope[Symbol.dispose]();
  }
}

// rules 6 to 15, 30, 41
test(
  'scopes are cancelled where a simple recursive model says so, whatever is toggled',
  () =>
    testRun(
      () => {
        fc.assert(
          fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
            const world = new World();
            try {
              for (const each of steps) {
                const before = world.reasons();
                world.take(each);
                world.compare(before);
              }
            } finally {
              world.end();
            }
          }),
          { numRuns: 400 },
        );
      },
      { limit: 20_000 },
    ),
  20_000,
);

// rules 12, 41, invariant I2
test(
  'a wait ends if and only if a cancellation has reached its scope, once, by its first reason',
  () =>
    testRun(
      async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(step, { maxLength: 30, size: 'max' }),
            fc.array(step, { maxLength: 40, size: 'max' }),
            async (shape, steps) => {
              const world = new World();
              for (const each of shape) if (each.do === 'grow') world.take(each);
              const waits = world.pairs.map((pair) => pair.wait());
              const first = new Map<Pair, unknown>();
              for (const each of steps) {
                if (each.do === 'end' || each.do === 'grow') continue;
                world.take(each);
                for (const pair of world.pairs)
                  if (!first.has(pair) && pair.scope.reason) first.set(pair, pair.scope.reason);
                for (const pair of world.pairs)
                  assert.equal(pair.undone, pair.model.wasReached ? 1 : 0);
              }
              for (const pair of [...world.pairs].reverse()) pair.scope.cancel('end');
              await Promise.all(waits);
              for (const [pair, reason] of first) assert.equal(pair.rejected, reason);
              world.end();
            },
          ),
          { numRuns: 200 },
        );
      },
      { limit: 20_000 },
    ),
  20_000,
);
