import assert from 'node:assert/strict';
import * as childProcess from 'node:child_process';
import * as dgram from 'node:dgram';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { simulate } from '@ambit/io/testing';

const SOCKET = join(tmpdir(), 'no-such.sock');

/** Each has to throw, or to reject, as nothing of it is simulated. */
const escapes: Record<string, () => unknown> = {
  spawn: () => childProcess.spawn('true'),
  exec: () => childProcess.exec('true'),
  execFile: () => childProcess.execFile('true'),
  fork: () => childProcess.fork('/dev/null'),
  spawnSync: () => childProcess.spawnSync('true'),
  execSync: () => childProcess.execSync('true'),
  execFileSync: () => childProcess.execFileSync('true'),
  'promisify(exec)': () => promisify(childProcess.exec)('true'),
  'promisify(execFile)': () => promisify(childProcess.execFile)('true'),
  'new ChildProcess': () => {
    const { ChildProcess } = childProcess as unknown as {
      ChildProcess: new () => { spawn(options: object): void };
    };
    new ChildProcess().spawn({ file: 'true', args: ['true'] });
  },
  'new Worker': () => new Worker('', { eval: true }),
  'a unix socket': () => net.connect(SOCKET),
  'a server of a unix socket': () => net.createServer().listen(SOCKET),
  'a server of a descriptor': () => net.createServer().listen({ fd: 1 }),
  'a server of a handle': () => net.createServer().listen({ _handle: {} }),
  'UDP of a descriptor': () => dgram.createSocket('udp4').bind({ fd: 1 }),
  addMembership: () => {
    dgram.createSocket('udp4').addMembership('224.0.0.1');
  },
  dropMembership: () => {
    dgram.createSocket('udp4').dropMembership('224.0.0.1');
  },
  addSourceSpecificMembership: () => {
    dgram.createSocket('udp4').addSourceSpecificMembership('10.0.0.1', '232.1.1.1');
  },
  dropSourceSpecificMembership: () => {
    dgram.createSocket('udp4').dropSourceSpecificMembership('10.0.0.1', '232.1.1.1');
  },
};

test.each(Object.keys(escapes))('%s is refused on a host, and says what to do', (name) =>
  simulate(async (network) => {
    const escape = async (): Promise<unknown> => escapes[name]?.();
    await assert.rejects(network.host('host').run(escape), {
      name: 'InvalidStateError',
      message: /: a simulated host has no [a-z ]+; (use|give|send)/,
    });
  }),
);

test('settings of a UDP socket change nothing on a host', () =>
  simulate((network) => {
    network.host('host').run(() => {
      const socket = dgram.createSocket('udp4').bind(53);
      socket.setMulticastInterface('10.0.0.1');
      socket.setRecvBufferSize(1000);
      socket.setSendBufferSize(1000);
      assert(socket.getRecvBufferSize() > 0 && socket.getSendBufferSize() > 0);
    });
  }));

test('outside of hosts processes are the platform’s while a simulation runs', () =>
  simulate(async (network, _group, loop) => {
    network.host('host');
    using _held = loop.hold();
    const { stdout } = await promisify(childProcess.execFile)('echo', ['out']);
    assert.equal(stdout, 'out\n');
  }));
