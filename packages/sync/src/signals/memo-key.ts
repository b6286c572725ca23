const objects = new WeakMap<object, number>();
const symbols = weakSymbols();
let identities = 0;

/**
 * Returns a key for a list of arguments: equal if each argument is, as the keys of a Map are. Objects and
 * symbols count by identity. Objects are not held on to; a symbol that is the only argument is, as long
 * as its result.
 */
export function memoKey(args: readonly unknown[]): unknown {
  if (args.length === 1) return isPlain(args[0]) ? args[0] : part(args[0]);
  return args.map(part).join(',');
}

// A string may look like the key of something else: it is marked, below, like all others.
function isPlain(value: unknown): boolean {
  return ['number', 'bigint', 'boolean', 'symbol'].includes(typeof value);
}

function part(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'symbol') return symbolPart(value);
  if (typeof value === 'bigint') return `${value}n`;
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
    return `object ${identity(objects, value)}`;
  }
  return String(value);
}

// A symbol of the registry can be made again from its text, so that no weak map takes it.
function symbolPart(symbol: symbol): string {
  const registered = Symbol.keyFor(symbol);
  if (registered !== undefined) return `symbol for ${JSON.stringify(registered)}`;
  return `symbol ${identity(symbols, symbol)}`;
}

interface Identities<K> {
  get(key: K): number | undefined;
  set(key: K, id: number): unknown;
}

function identity<K>(known: Identities<K>, key: K): number {
  const before = known.get(key);
  if (before !== undefined) return before;
  identities += 1;
  known.set(key, identities);
  return identities;
}

// Older browsers take no symbols as weak keys: there the map keeps them.
function weakSymbols(): Identities<symbol> {
  try {
    const weak = new WeakMap<WeakKey, number>() as Identities<symbol>;
    weak.set(Symbol('probe'), 0);
    return weak;
  } catch {
    return new Map<symbol, number>();
  }
}
