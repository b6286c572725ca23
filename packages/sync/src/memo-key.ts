const objects = new WeakMap<object, number>();
const symbols = new Map<symbol, number>();
let identities = 0;

/**
 * A key for a list of arguments: equal if each is, as the keys of a Map are. Objects count by identity
 * and are not held on to.
 */
export function memoKey(args: readonly unknown[]): unknown {
  if (args.length === 1) return isPlain(args[0]) ? args[0] : part(args[0]);
  return args.map(part).join(',');
}

// A text may look like the key of something else: it is marked, below, like all others.
function isPlain(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
}

function part(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'symbol') return `symbol ${identity(symbols, value)}`;
  if (typeof value === 'bigint') return `${value}n`;
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
    return `object ${identity(objects, value)}`;
  }
  return String(value);
}

function identity<K>(
  known: { get(key: K): number | undefined; set(key: K, id: number): unknown },
  key: K,
): number {
  const before = known.get(key);
  if (before !== undefined) return before;
  identities += 1;
  known.set(key, identities);
  return identities;
}
