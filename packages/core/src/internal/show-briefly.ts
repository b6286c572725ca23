const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** How objects look when they are printed, or hang on an error that is: a line, not all that hangs on them. */
export function showBriefly<T extends object>(prototype: T, text: (object: T) => string): void {
  Object.defineProperty(prototype, INSPECT, {
    value(this: T): string {
      return text(this);
    },
  });
}
