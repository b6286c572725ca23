/**
 * Gives a class of errors the name that its errors show. On the prototype, and defined: an assignment throws where
 * `Error.prototype` is frozen.
 *
 * @param kind - the class
 * @param name - its name, which a bundler may have changed in the code
 * @example
 * class GaugeError extends Error {
 *   static {
 *     nameErrors(this, 'GaugeError');
 *   }
 * }
 */
export function nameErrors(kind: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(kind.prototype, 'name', {
    value: name,
    writable: true,
    configurable: true,
  });
}
