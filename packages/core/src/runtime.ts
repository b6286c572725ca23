import type { EventLoop } from './event-loop.ts';
import { hostLoop } from './event-loop.ts';
import { Timers } from './timers.ts';

/** What all scopes of one `run()` share; outside of any, the host loop's. */
export class Runtime {
  readonly loop: EventLoop;
  readonly timers: Timers;
  readonly debug: boolean;
  /** The group that owns what `createTask` makes; undefined outside of any run. */
  group: object | undefined;
  /** Decides when waits that were woken resume: for tests of many orders. Undefined: at once. */
  deliver: ((settle: () => void) => void) | undefined;
  /** In debug mode: told of each wait that says whom it is blocked by. */
  onBlocked: (() => void) | undefined;
  /** The outermost scope. */
  scope: object | undefined;

  constructor(loop: EventLoop, debug: boolean) {
    this.loop = loop;
    this.timers = new Timers(loop);
    this.debug = debug;
  }
}

export const hostRuntime: Runtime = new Runtime(hostLoop, false);
