import type { Socket } from 'node:net';
import type { Graft, Place } from './graft.ts';
import { systemError } from './system-error.ts';

type Done = (error?: Error | null) => void;
type Chunk = Uint8Array | string;

interface Piece {
  readonly chunk: Chunk;
  readonly encoding: BufferEncoding;
}

/** What a simulated socket does instead of net.Socket's own methods. */
export function socketMethods(socket: Socket, state: Graft): object {
  return { ...streamMethods(socket, state), ...endings(socket, state), ...settings(socket, state) };
}

function streamMethods(socket: Socket, state: Graft): object {
  const write = (bytes: Uint8Array, done: Done): void => {
    whenConnected(socket, done, () => {
      if (state.isGone) return;
      if (state.out === undefined) {
        done(systemError('write', 'EPIPE'));
        return;
      }
      state.sent(bytes.length);
      state.out.send(bytes, done);
    });
  };
  return {
    _read: (): void => {
      // Once connected it reads by itself.
      if (!socket.connecting) state.in?.wanted();
    },
    _write: (chunk: Chunk, encoding: BufferEncoding, done: Done): void => {
      write(bytesOf({ chunk, encoding }), done);
    },
    _writev: (pieces: Piece[], done: Done): void => {
      write(Buffer.concat(pieces.map(bytesOf)), done);
    },
  };
}

function endings(socket: Socket, state: Graft): object {
  const base = socket._destroy.bind(socket);
  return {
    _final: (done: Done): void => {
      whenConnected(socket, done, () => {
        if (state.isGone) return;
        state.out?.sendFin();
        done();
      });
    },
    _destroy: (error: Error | null, done: Done): void => {
      if (!state.isGone) sayGoodbye(socket, state);
      state.ended();
      base(error, done);
    },
    resetAndDestroy: (): Socket => {
      state.out?.sendReset();
      state.out = undefined;
      return socket.destroy();
    },
  };
}

function sayGoodbye(socket: Socket, state: Graft): void {
  const { out } = state;
  if (out === undefined) return;
  // As a system does: what was not read is answered by a reset.
  if (state.in?.hasUnread === true || socket.readableLength > 0) out.sendReset();
  else if (!socket.writableFinished) out.sendFin();
  out.cancel();
  state.out = undefined;
}

function settings(socket: Socket, state: Graft): object {
  return {
    ref: (): Socket => socket,
    unref: (): Socket => socket,
    setNoDelay: (): Socket => socket,
    setKeepAlive: (): Socket => socket,
    _getpeername: (): object => described(state.remote),
    _getsockname: (): object => described(state.local),
    setTimeout: (ms: number, callback?: () => void): Socket => {
      noteTimeout(socket, ms, callback);
      state.idleAfter(ms);
      return socket;
    },
  };
}

/** What `setTimeout` of a socket does at once. */
export function noteTimeout(socket: Socket, ms: number, callback?: () => void): void {
  (socket as { timeout?: number }).timeout = ms;
  if (callback === undefined) return;
  if (ms === 0) socket.removeListener('timeout', callback);
  else socket.once('timeout', callback);
}

function whenConnected(socket: Socket, done: Done, act: () => void): void {
  if (!socket.connecting) {
    act();
    return;
  }
  const onClose = (): void => done(systemError('write', 'EPIPE'));
  socket.once('connect', () => {
    socket.off('close', onClose);
    act();
  });
  socket.once('close', onClose);
}

// Copied: the writer may use its memory again.
function bytesOf({ chunk, encoding }: Piece): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
}

function described(place: Place | undefined): object {
  if (place === undefined) return {};
  return { ...place, family: place.address.includes(':') ? 'IPv6' : 'IPv4' };
}
