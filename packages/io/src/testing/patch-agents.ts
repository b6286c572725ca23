import type { Agent } from 'node:http';
import { node } from '../node.ts';
import { currentMachine } from './current-machine.ts';
import { patch } from './patch.ts';
import type { Dispatcher } from './pools.ts';

const KEY = Symbol('simulated machine');

/** A request's options, which its agent keeps for the life of the connection. */
interface Marked {
  [KEY]?: string;
}

/** An agent that all machines share, as the global one, keeps the connections of each apart: it looks for them by name. */
export function patchAgents(): void {
  const proto = node.http.Agent.prototype as { getName(options?: Marked): string };
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the agent itself
  const { getName } = proto;
  proto.getName = function (this: unknown, options: Marked = {}): string {
    const name = Reflect.apply(getName, this, [options]);
    const key = options[KEY] ?? currentMachine()?.pools.keyIn(this as Agent);
    if (key === undefined) return name;
    options[KEY] = key;
    return `${name}:${key}`;
  };
}

const patched = new WeakSet<object>();

/** So does undici's dispatcher of the whole process, which is there once undici is loaded. */
export function patchUndici(): void {
  const shared = (globalThis as Record<symbol, unknown>)[Symbol.for('undici.globalDispatcher.1')];
  if (typeof shared !== 'object' || shared === null || patched.has(shared)) return;
  // Others, as a mock or a proxy, are not to be made anew.
  const { name } = shared.constructor;
  if (name !== 'Agent') return;
  patched.add(shared);
  patch(shared, 'dispatch', ({ pools }, self, [options, handler]) =>
    pools.ownOf(self as Dispatcher, () => copyOf(shared)).dispatch(options, handler),
  );
}

function copyOf(agent: object): Dispatcher {
  const { constructor: Agent } = agent as { constructor: new (options?: object) => Dispatcher };
  return new Agent(optionsOf(agent));
}

function optionsOf(agent: object): object {
  const key = Object.getOwnPropertySymbols(agent).find((each) => each.description === 'options');
  return key === undefined ? {} : { ...((agent as Record<symbol, object>)[key] ?? {}) };
}
