/**
 * What code calls that `unplugin-ambit` has rewritten, so that the ambient scope follows `await` where the runtime has no
 * AsyncLocalStorage. Not for programs to call.
 *
 * @packageDocumentation
 */
export { slot } from './loop/slot.ts';
export type { Slot } from './loop/slot.ts';
export {
  back,
  caught,
  close,
  enter,
  leave,
  open,
  over,
  pause,
  quit,
  resume,
} from './loop/follow/call.ts';
export type { Call } from './loop/follow/call.ts';
export { delegate, iterate } from './loop/follow/iterate.ts';
export { listen, unlisten, wrap } from './loop/follow/callbacks.ts';
export { fail, release, releaseAsync, stack, use } from './loop/follow/dispose.ts';
export type { Entry, Used } from './loop/follow/dispose.ts';
