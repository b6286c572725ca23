import type { ListenOptions, Server } from 'node:net';
import { node } from '../node.ts';
import { knowsReusePort } from '../reuse-port.ts';
import { contextHere } from './current-machine.ts';
import type { Machine } from './machine.ts';

interface Place {
  address?: string;
  port?: number;
  family?: string;
}

/** Has a server of Node's listen on a simulated machine. */
export function listen(machine: Machine, server: Server, options: ListenOptions): void {
  const inContext = contextHere();
  if (machine.isGrave) return;
  const later = (event: string, value?: unknown): void => {
    machine.later(() => inContext(() => server.emit(event, value)));
  };
  const address = addressOf(options.host);
  let port: number;
  try {
    const asked = { address, port: options.port ?? 0, isShared: isShared(options) };
    port = machine.listen(asked, { server, inContext });
  } catch (error) {
    later('error', error);
    return;
  }
  (server as unknown as { _handle: unknown })._handle = handleOf(machine, server, {
    address,
    port,
  });
  machine.world.note('listen', machine, { port });
  later('listening');
}

// Node before ignores it.
function isShared(options: ListenOptions): boolean {
  const { reusePort } = options as { readonly reusePort?: unknown };
  return reusePort === true && knowsReusePort();
}

function addressOf(host: string | undefined): string {
  if (host === undefined) return '::';
  return host === 'localhost' ? '127.0.0.1' : host;
}

/** As much of a server's handle as net.Server asks of it. */
function handleOf(
  machine: Machine,
  server: Server,
  place: { readonly address: string; readonly port: number },
): object {
  return {
    close: (): void => {
      machine.tcp.release(place.port, (listening) => listening.server === server);
    },
    getsockname: (out: Place): number => {
      Object.assign(out, place, { family: node.net.isIPv6(place.address) ? 'IPv6' : 'IPv4' });
      return 0;
    },
    ref: (): void => undefined,
    unref: (): void => undefined,
    hasRef: (): boolean => true,
    getAsyncId: (): number => 0,
  };
}
