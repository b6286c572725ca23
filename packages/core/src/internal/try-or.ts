/**
 * What a function reads from a foreign value, or `otherwise` if that value throws when it is looked at:
 * anything can be thrown, an object with a throwing getter or a revoked Proxy too.
 */
export function tryOr<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
