import type { Socket, TcpNetConnectOpts } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { node } from '../node.ts';
import { machineOf } from './graft.ts';
import { patch, patchOf } from './patch.ts';
import type { InHost } from './patch.ts';
import { normalize } from './patch-net.ts';
import { noteTimeout } from './socket-methods.ts';

/** TLS goes over simulated sockets. */
export function patchTls(): void {
  patchConnect();
  patchWrapping();
  patchAddresses();
  patchTimeout();
}

/** Without a socket of the caller's TLS would make one with a handle of the platform. */
function patchConnect(): void {
  const { tls, net } = node;
  const { connect } = tls;
  patch(tls, 'connect', (_machine, _self, args) => {
    const [options, callback] = connectArguments(args);
    if (options.socket !== undefined) return connect(options, callback);
    const socket = net.connect(options as TcpNetConnectOpts);
    const secure = connect({ ...options, socket }, callback);
    if (options.timeout !== undefined) secure.setTimeout(options.timeout);
    return secure;
  });
}

/** What each form of the call says: `(options)`, `(port, options)`, `(port, host, options)`, each with a callback. */
function connectArguments(args: unknown[]): [ConnectionOptions, (() => void) | undefined] {
  const [base, callback] = normalize(args);
  const more = args.slice(1, 3).filter((each) => typeof each === 'object');
  return [Object.assign({}, base, ...more) as ConnectionOptions, callback ?? undefined];
}

/** As much of TLS over a socket without a handle as tells which socket that is. */
interface Secured {
  readonly _handle?: { readonly _parentWrap?: Wrap | undefined } | null;
}

interface Wrap {
  readonly stream?: Socket;
}

interface Wrapping {
  _wrapHandle(wrap: Wrap | null, ...more: unknown[]): unknown;
}

/** Of a socket with a handle TLS takes the handle, and what the socket does by itself at its end counts no more. */
function patchWrapping(): void {
  const proto = node.tls.TLSSocket.prototype as unknown as Wrapping;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the socket itself
  const { _wrapHandle } = proto;
  proto._wrapHandle = function (this: unknown, wrap, ...more): unknown {
    const socket = wrap?.stream;
    // Later: TLS asks for it now, and does the same.
    if (socket !== undefined && machineOf(socket) !== undefined)
      process.nextTick(() => (socket.allowHalfOpen = true));
    return Reflect.apply(_wrapHandle, this, [wrap, ...more]);
  };
}

function below(self: unknown): Socket | undefined {
  return (self as Secured)._handle?._parentWrap?.stream;
}

/** A method of a socket, where that has TLS over a simulated one. */
function patchSecure(name: string, inHost: InHost): void {
  patchOf(node.net.Socket.prototype, name, {
    machineOf: (self) => machineOf(below(self)),
    inHost,
  });
}

/** It has the addresses of the socket. */
function patchAddresses(): void {
  for (const name of ['_getpeername', '_getsockname'] as const) {
    patchSecure(name, (_machine, self) =>
      (below(self) as Socket & Record<typeof name, () => object>)[name](),
    );
  }
}

/** What uses it uses the socket: so does its timeout, which would go by real time. */
function patchTimeout(): void {
  const told = new WeakSet<Socket>();
  patchSecure('setTimeout', (_machine, self, args) => {
    const [ms, callback] = args as [number, (() => void) | undefined];
    const [secure, socket] = [self as Socket, below(self) as Socket];
    noteTimeout(secure, ms, callback);
    socket.setTimeout(ms);
    if (!told.has(socket)) socket.on('timeout', () => secure.emit('timeout'));
    told.add(socket);
    return secure;
  });
}
