const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * How objects look when they are printed, or made JSON, or hang on an error that is: a line, not all that hangs on them.
 * Test runners and loggers take errors to pieces by all of their properties, and ask for `toJSON`.
 */
export function showBriefly<T extends object>(prototype: T, text: (object: T) => string): void {
  for (const key of [INSPECT, 'toJSON']) {
    Object.defineProperty(prototype, key, {
      value(this: T): string {
        return text(this);
      },
    });
  }
}
