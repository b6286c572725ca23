/** Something that serves one user at a time was used by two: two receives on one stream, for example. */
export class BusyResourceError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'BusyResourceError',
      writable: true,
      configurable: true,
    });
  }
}
