// rule 263
import { CancelScope, sleep, taskGroup } from '@ambit/core';
import { connectUnix, listenUnix } from '@ambit/io';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import fs from 'node:fs';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ambit-unix-'));
  path = join(folder, 'app.sock');
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A socket file that a process left behind when it was killed. */
function leaveStale(): void {
  const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', program]);
  expect(lstatSync(path).isSocket()).toBe(true);
}

test('the socket file is there while it listens, and nothing else', async () => {
  await taskGroup(async () => {
    const listener = await listenUnix(path);
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(readdirSync(folder)).toEqual(['app.sock']);
    await listener.close();
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('it is removed with the group around', async () => {
  await taskGroup(async () => {
    await listenUnix(path);
  });
  expect(readdirSync(folder)).toEqual([]);
});

test('one that nobody listens on any more is replaced', async () => {
  leaveStale();
  await taskGroup(async () => {
    const listener = await listenUnix(path);
    const stream = await connectUnix(path);
    await (await listener.accept()).send('alive');
    expect(String(await stream.receive())).toBe('alive');
    await listener.close();
  });
  expect(readdirSync(folder)).toEqual([]);
});

test('one that is listened on is left alone: EADDRINUSE', async () => {
  await taskGroup(async () => {
    const listener = await listenUnix(path);
    await expect(listenUnix(path)).rejects.toMatchObject({
      code: 'EADDRINUSE',
      syscall: 'listen',
      address: path,
      message: expect.stringContaining(path) as string,
    });
    expect(readdirSync(folder)).toEqual(['app.sock']);
    const [stream] = await Promise.all([connectUnix(path), listener.accept()]);
    await stream.send('still there');
  });
});

test('one that somebody began to listen on after it was found dead is left alone, though it has its number', async () => {
  leaveStale();
  const lstat = fs.lstatSync;
  // As of a file system that gives a number out again at once.
  const renumber = jest.spyOn(fs, 'lstatSync').mockImplementation((...args: unknown[]) => {
    const stat = (lstat as (...all: unknown[]) => { ino: bigint } | undefined)(...args);
    if (args[0] === path && stat !== undefined) stat.ino = 7n;
    return stat as fs.BigIntStats;
  });
  const connect = jest.spyOn(Socket.prototype, 'connect');
  const theirs = createServer();
  connect.mockImplementationOnce(function (this: Socket, ...args) {
    connect.mockRestore();
    const knocked = this.connect(...args);
    rmSync(path);
    theirs.listen(path);
    return knocked;
  });
  try {
    await expect(listenUnix(path)).rejects.toMatchObject({ code: 'EADDRINUSE', address: path });
  } finally {
    renumber.mockRestore();
  }
  const client = await connectUnix(path);
  await client.close();
  theirs.close();
  expect(readdirSync(folder)).toEqual([]);
});

describe('a relative name', () => {
  const home = process.cwd();
  beforeEach(() => process.chdir(folder));
  afterEach(() => process.chdir(home));

  test('is what it was when it was given, whatever the working directory is later', async () => {
    mkdirSync('below');
    await taskGroup(async () => {
      const listener = await listenUnix('below/a.sock');
      process.chdir('below');
      expect(listener.address.path).toBe(join(process.cwd(), 'a.sock'));
      const connecting = connectUnix('a.sock');
      process.chdir('/');
      const [stream, peer] = await Promise.all([connecting, listener.accept()]);
      await stream.send('x');
      expect(String(await peer.receive())).toBe('x');
      await listener.close();
    });
    expect(readdirSync(join(folder, 'below'))).toEqual([]);
  });

  test.each(['1', '.5', 'a.sock', '0x10'])('%j can be listened at each time', async (name) => {
    for (let round = 0; round < 20; round += 1) {
      await (await listenUnix(name)).close();
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test('may be short where the whole name would be too long', async () => {
    const deep = 'd'.repeat(100);
    mkdirSync(deep);
    process.chdir(deep);
    await taskGroup(async () => {
      const listener = await listenUnix('a.sock');
      const [stream] = await Promise.all([connectUnix('a.sock'), listener.accept()]);
      await stream.close();
      await expect(listenUnix('a.sock')).rejects.toMatchObject({ code: 'EADDRINUSE' });
      process.chdir('/');
      await listener.close();
    });
    expect(readdirSync(join(folder, deep))).toEqual([]);
  });
});

test('a file that is no socket is left alone: EADDRINUSE', async () => {
  writeFileSync(path, 'precious');
  await expect(listenUnix(path)).rejects.toMatchObject({ code: 'EADDRINUSE', address: path });
  expect(readFileSync(path, 'utf8')).toBe('precious');
  mkdirSync(join(folder, 'dir'));
  await expect(listenUnix(join(folder, 'dir'))).rejects.toMatchObject({ code: 'EADDRINUSE' });
  symlinkSync(path, join(folder, 'link'));
  await expect(listenUnix(join(folder, 'link'))).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect(readdirSync(folder).sort()).toEqual(['app.sock', 'dir', 'link']);
});

test('at the end it is removed only if it is still the listener’s own', async () => {
  await taskGroup(async () => {
    const first = await listenUnix(path);
    rmSync(path);
    const second = await listenUnix(path);
    await first.close();
    const [stream] = await Promise.all([connectUnix(path), second.accept()]);
    await stream.close();
    rmSync(path);
    writeFileSync(path, 'somebody’s');
    await second.close();
    expect(readFileSync(path, 'utf8')).toBe('somebody’s');
  });
});

test('one that was moved or removed meanwhile is no error', async () => {
  await taskGroup(async () => {
    const listener = await listenUnix(path);
    renameSync(path, join(folder, 'moved'));
    await listener.close();
    expect(readdirSync(folder)).toEqual(['moved']);
  });
});

test('a folder that is not there, or not ours: Node’s own error, in the name that was given', async () => {
  const nowhere = join(folder, 'none', 'app.sock');
  await expect(listenUnix(nowhere)).rejects.toMatchObject({
    code: expect.stringMatching(/EACCES|ENOENT/u) as string,
    address: nowhere,
    message: expect.stringContaining(nowhere) as string,
  });
  // Whoever may do everything is refused nothing.
  if (process.getuid?.() === 0) return;
  chmodSync(folder, 0o500);
  await expect(listenUnix(path)).rejects.toMatchObject({ code: 'EACCES', address: path });
  chmodSync(folder, 0o700);
});

test('permission denied to who connects: Node’s own error', () => {
  // As nobody, where we may become that; we are somebody who is refused otherwise.
  const program = `
    process.getuid() === 0 && (process.setgid(65534), process.setuid(65534));
    require('node:net').connect(${JSON.stringify(path)}).on('error', (error) => console.log(error.code));`;
  const server = createServer();
  return new Promise<void>((resolve) => {
    server.listen(path, () => {
      chmodSync(folder, 0o755);
      chmodSync(path, 0o000);
      const { stdout } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
      expect(stdout.trim()).toBe('EACCES');
      server.close(() => resolve());
    });
  });
});

test('cancelled while it looks whether somebody listens: nothing is left', async () => {
  leaveStale();
  const scope = new CancelScope();
  const listening = scope.run(() => listenUnix(path));
  await sleep(0);
  scope.cancel();
  const listener = await listening;
  await listener?.close();
  expect(readdirSync(folder).filter((name) => name !== 'app.sock')).toEqual([]);
  await expect(listenUnix(path, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
});

test('several that find the same dead socket: one gets its name, the others EADDRINUSE', async () => {
  for (let round = 0; round < 5; round += 1) {
    leaveStale();
    await taskGroup(async () => {
      const all = await Promise.allSettled([1, 2, 3].map(() => listenUnix(path)));
      const listeners = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(listeners).toHaveLength(1);
      for (const one of all.filter(({ status }) => status === 'rejected')) {
        expect(one).toMatchObject({ reason: { code: 'EADDRINUSE', address: path } });
      }
      await Promise.all([connectUnix(path), listeners[0]!.accept()]);
    });
    expect(readdirSync(folder)).toEqual([]);
  }
});

test('one who died while he took the name of a dead socket over stops nobody', async () => {
  leaveStale();
  const { dev, ino } = lstatSync(path, { bigint: true });
  const hash = createHash('sha256').update(`${dev}:${ino}`).digest('hex');
  const claim = join(folder, `.${hash.slice(0, 'app.sock'.length - 1)}`);
  renameSync(path, `${path}.first`);
  leaveStale();
  renameSync(path, claim);
  renameSync(`${path}.first`, path);
  await taskGroup(async () => {
    await listenUnix(path);
    expect(readdirSync(folder)).toEqual(['app.sock']);
  });
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  [undefined, undefined, 'TypeError', 'path is undefined'],
  [7, undefined, 'TypeError', 'path is 7'],
  [`/tmp/${'é'.repeat(60)}`, undefined, 'RangeError', '125 bytes'],
  ['x', { backlog: -1 }, 'RangeError', 'backlog is -1'],
  ['x', 'tls', 'TypeError', 'options is "tls"'],
])('refuses %j, %j', async (name, options, error, message) => {
  const given = name === 'x' ? join(folder, name) : name;
  await expect(listenUnix(given as never, options as never)).rejects.toMatchObject({
    name: error,
    message: expect.stringMatching(`^listenUnix: .*${message}`) as string,
  });
  expect(readdirSync(folder)).toEqual([]);
});

const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('an abstract name is no file', async () => {
  await taskGroup(async () => {
    const name = `\0ambit-${String(process.pid)}`;
    const listener = await listenUnix(name);
    const [stream, peer] = await Promise.all([connectUnix(name), listener.accept()]);
    await stream.send('x');
    expect(String(await peer.receive())).toBe('x');
    await listener.close();
  });
});
