import { promisify } from 'node:util';
import { node } from '../node.ts';
import { contextHere } from './current-machine.ts';
import { escaped } from './escaped.ts';
import type { Machine } from './machine.ts';
import { patch } from './patch.ts';
import { unknownName } from './system-error.ts';
import { isLoopback } from './world.ts';

interface LookupOptions {
  readonly all?: boolean;
}
type Done = (error: Error | null, address?: unknown, family?: number) => void;

/** Names are those of the simulated hosts. */
export function patchDns(): void {
  const { dns } = node;
  patch(dns, 'lookup', (machine, _self, args) => {
    const [name, options, callback] = args;
    const done = (typeof options === 'function' ? options : callback) as Done;
    lookup(machine, String(name), { isAll: isAll(options), done });
  });
  patch(dns.promises, 'lookup', (machine, _self, [name, options]) => {
    const asked = promisify((done: (error: Error | null, found?: unknown) => void) => {
      const all = isAll(options);
      lookup(machine, String(name), {
        isAll: all,
        done: (error, address, family) => done(error, all ? address : { address, family }),
      });
    });
    return asked();
  });
  for (const target of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype])
    for (const name of Object.getOwnPropertyNames(target))
      if (/^(resolve|reverse$|lookupService$)/.test(name)) refuse(target, name);
}

function isAll(options: unknown): boolean {
  return typeof options === 'object' && (options as LookupOptions | null)?.all === true;
}

function lookup(
  machine: Machine,
  name: string,
  asked: { readonly isAll: boolean; readonly done: Done },
): void {
  if (machine.isGrave) return;
  const inContext = contextHere();
  const address = addressOf(machine, name);
  machine.later(() => {
    inContext(() => {
      if (address === undefined) asked.done(unknownName(name));
      else if (asked.isAll) asked.done(null, [{ address, family: familyOf(address) }]);
      else asked.done(null, address, familyOf(address));
    });
  });
}

function addressOf(machine: Machine, name: string): string | undefined {
  if (node.net.isIP(name) > 0) return name;
  if (isLoopback(name)) return '127.0.0.1';
  return machine.world.find(name)?.address;
}

function familyOf(address: string): number {
  return address.includes(':') ? 6 : 4;
}

function refuse(target: object, name: string): void {
  patch(target, name, () => {
    throw escaped(`dns.${name}`, 'name servers', 'look up hosts with dns.lookup');
  });
}
