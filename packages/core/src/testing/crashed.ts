import { currentFrame } from '../scope/any-scope.ts';

const crashed = new WeakSet();

/** @internal No code in it goes on. */
export function markCrashed(scope: object): void {
  crashed.add(scope);
}

export function isCrashed(scope: object | undefined): boolean {
  return scope !== undefined && crashed.has(scope);
}

/** A callback of the caller's that does nothing once the caller's scope has crashed. */
export function unlessCrashed(callback: () => void): () => void {
  const { _scope } = currentFrame();
  return () => {
    if (!crashed.has(_scope)) callback();
  };
}
