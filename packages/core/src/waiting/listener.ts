import { keepShape } from '../internal/keep-shapes.ts';
import type { Host, Link } from '../internal/linked-list.ts';

/** A callback that is called, synchronously and once, when an outcome is there. */
export class Listener implements Link<Listener> {
  _previous: Listener | undefined;
  _next: Listener | undefined;
  _host: Host<Listener> | undefined;
  readonly callback: () => void;

  static {
    keepShape(this, new Listener(() => undefined));
  }

  constructor(callback: () => void) {
    this.callback = callback;
  }
}
