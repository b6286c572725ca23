import { Ambient } from '#context';
import { slot } from './slot.ts';

/** What a flow of awaits carries along is told by `currentFrame()`; here is only the slot that holds it. */
export const ambient: Ambient<object> = new Ambient<object>(slot);

/** A callback that is called in the context of now; for what calls back from where no context is kept. */
export function inContext(callback: () => void): () => void {
  const restore = ambient.snapshot();
  return () => {
    restore(callback);
  };
}

/** The same, where the runtime does not keep the context of a callback by itself. */
export function inKeptContext(callback: () => void): () => void {
  return ambient.isFollowing ? callback : inContext(callback);
}
