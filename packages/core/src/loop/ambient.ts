import { Ambient } from '#context';
import { slot } from './slot.ts';

/** What a flow of awaits carries along is told by `currentFrame()`; here is only the slot that holds it. */
export const ambient: Ambient<object> = new Ambient<object>(slot);
