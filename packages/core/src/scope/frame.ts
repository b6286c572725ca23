import type { CancelScope } from './cancel-scope.ts';

/** What a flow of awaits carries along. Every scope is a frame; a ContextVar's `run` adds its own. */
export interface Frame {
  /** @internal */ readonly _scope: CancelScope;
  /** @internal */ readonly _variables: Variables | undefined;
}

/** Values of context variables, innermost first. */
export interface Variables {
  readonly key: object;
  readonly value: unknown;
  readonly outer: Variables | undefined;
}

/** The part of a task that its scopes know. */
export interface TaskRef {
  readonly id: number;
  readonly name: string;
  readonly done: boolean;
  /** The scope that its function runs in. */
  readonly scope: CancelScope;
}
