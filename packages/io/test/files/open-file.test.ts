import { CancelScope, formatTaskTree, run, taskGroup } from '@ambit/core';
import { openFile, readFile, readLines } from '@ambit/io';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { useFolder } from '../support/temporary-folder.ts';

const { path } = useFolder();

/** Whether this process has it open. */
function isOpen(file: string): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === file;
    } catch {
      return false;
    }
  });
}

describe('openFile', () => {
  test('gives Node’s own handle', async () => {
    await using file = await openFile(path('a'), 'w+');
    await file.write('hello');
    await file.appendFile(' you');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(5), 0, 5, 0);
    expect(buffer.toString('utf8', 0, bytesRead)).toBe('hello');
    expect((await file.stat()).size).toBe(9);
    await file.truncate(4);
    await file.sync();
    expect(await text(createReadStream('', { fd: file, start: 0 }))).toBe('hell');
    expect(isOpen(path('a'))).toBe(false);
  });

  test('reads and writes whole files through it', async () => {
    await using file = await openFile(path('a'), 'w+');
    await file.writeFile('größe', 'latin1');
    expect(readFileSync(path('a'), 'latin1')).toBe('größe');
    const again = await openFile(pathToFileURL(path('a')));
    expect(await again.readFile('latin1')).toBe('größe');
    await again.close();
    const bytes = await openFile(path('a'));
    expect((await bytes.readFile()).length).toBe(5);
    await bytes.close();
  });

  test('the group around the call closes it, once whoever uses it has ended', async () => {
    writeFileSync(path('a'), 'x');
    let file: FileHandle | undefined;
    await taskGroup(async () => {
      file = await openFile(path('a'));
      expect(isOpen(path('a'))).toBe(true);
    });
    expect(isOpen(path('a'))).toBe(false);
    await expect(file!.stat()).rejects.toMatchObject({ code: 'EBADF' });
    await file!.close();
  });

  test('in a cancelled scope nothing is done, but it can be closed', async () => {
    const scope = new CancelScope();
    await scope.run(async () => {
      const file = await openFile(path('a'), 'w');
      scope.cancel();
      for (const call of [
        () => file.write('x'),
        () => file.writeFile('x'),
        () => file.readFile(),
        () => file.stat(),
        () => file.truncate(1),
        () => openFile(path('b'), 'w'),
      ]) {
        await expect(call()).rejects.toBe(scope.reason);
      }
      await file.close();
    });
    expect(readFileSync(path('a'), 'utf8')).toBe('');
    expect(readdirSync(path())).toEqual(['a']);
  });

  // decisions: values beat cancellation; rule 35
  test('cancelled while a call is under way: its value is kept, the next one throws', async () => {
    writeFileSync(path('a'), 'x');
    const scope = new CancelScope();
    await scope.run(async () => {
      const opening = openFile(path('a'));
      scope.cancel();
      const file = await opening;
      await expect(file.read()).rejects.toBe(scope.reason);
      expect(isOpen(path('a'))).toBe(true);
      await file.close();
    });
    expect(isOpen(path('a'))).toBe(false);
    await expect(openFile(path('a'), 'r', { signal: AbortSignal.abort('stop') })).rejects.toBe(
      'stop',
    );
  });

  test('Node’s errors have code and path, where Node leaves the path out too', async () => {
    await expect(openFile(path('none'))).rejects.toMatchObject({
      code: 'ENOENT',
      path: path('none'),
    });
    await expect(openFile(path(), 'w')).rejects.toMatchObject({ code: 'EISDIR', path: path() });
    await using folder = await openFile(path());
    await expect(folder.read()).rejects.toMatchObject({
      code: 'EISDIR',
      path: path(),
      message: expect.stringContaining(path()) as string,
    });
    await using full = await openFile('/dev/full', 'w');
    await expect(full.write('x')).rejects.toMatchObject({ code: 'ENOSPC', path: '/dev/full' });
    await expect(full.writeFile('x')).rejects.toMatchObject({ code: 'ENOSPC', path: '/dev/full' });
  });

  test('the mode of a new file; bad arguments', async () => {
    await using file = await openFile(path('a'), 'w', { mode: 0o600 });
    expect((await file.stat()).mode & 0o777).toBe(0o600);
    await expect(openFile(3 as never)).rejects.toThrow('openFile: path is 3; give a path');
    await expect(openFile(path('a'), 'r', 3 as never)).rejects.toThrow('openFile: options is 3');
  });

  test('the task tree says what is waited for', async () => {
    let tree = '';
    await run(async (group) => {
      group.spawn(() => openFile(path('a'), 'w'));
      tree = formatTaskTree();
    });
    expect(tree).toContain(`open ${path('a')}`);
  });
});

describe('readFile', () => {
  test('bytes, or a text', async () => {
    writeFileSync(path('a'), 'größe');
    const bytes: Buffer = await readFile(path('a'));
    expect(String(bytes)).toBe('größe');
    expect(await readFile(path('a'), 'utf8')).toBe('größe');
    expect(await readFile(pathToFileURL(path('a')), { encoding: 'utf8' })).toBe('größe');
  });

  test('errors have code and path', async () => {
    await expect(readFile(path('none'))).rejects.toMatchObject({
      code: 'ENOENT',
      path: path('none'),
    });
    await expect(readFile(path())).rejects.toMatchObject({ code: 'EISDIR', path: path() });
    await expect(readFile(null as never)).rejects.toThrow('readFile: path is null');
  });

  test('cancelled, it stops between two pieces, and has closed the file', async () => {
    writeFileSync(path('big'), Buffer.alloc(20_000_000));
    const controller = new AbortController();
    const reading = readFile(path('big'), { signal: controller.signal });
    controller.abort('stop');
    await expect(reading).rejects.toBe('stop');
    expect(isOpen(path('big'))).toBe(false);
    const scope = new CancelScope();
    await scope.run(async () => {
      const other = readFile(path('big'));
      scope.cancel();
      await expect(other).rejects.toBe(scope.reason);
    });
    expect(isOpen(path('big'))).toBe(false);
  });
});

describe('readLines', () => {
  test('all of them, with whatever ends and however long', async () => {
    const long = 'x'.repeat(300_000);
    writeFileSync(path('a'), `one\r\n\n${long}\nlast €`);
    const lines: string[] = [];
    for await (const line of readLines(path('a'))) lines.push(line);
    expect(lines).toEqual(['one', '', long, 'last €']);
    expect(isOpen(path('a'))).toBe(false);
    writeFileSync(path('empty'), '');
    expect(await readLines(path('empty')).next()).toEqual({ done: true, value: undefined });
  });

  test('leaving the loop, and being cancelled in it, closes the file', async () => {
    writeFileSync(path('a'), 'one\ntwo\nthree');
    for await (const line of readLines(path('a'))) {
      expect(line).toBe('one');
      expect(isOpen(path('a'))).toBe(true);
      break;
    }
    expect(isOpen(path('a'))).toBe(false);
    const scope = new CancelScope();
    const seen: string[] = [];
    await scope.run(async () => {
      for await (const line of readLines(path('a'))) {
        seen.push(line);
        scope.cancel();
      }
    });
    expect(seen).toEqual(['one']);
    expect(isOpen(path('a'))).toBe(false);
  });

  test('an iteration that nobody goes on with: its group closes the file', async () => {
    writeFileSync(path('a'), 'one\ntwo');
    await taskGroup(async () => {
      await readLines(path('a')).next();
      expect(isOpen(path('a'))).toBe(true);
    });
    expect(isOpen(path('a'))).toBe(false);
  });

  test('errors', async () => {
    await expect(readLines(path('none')).next()).rejects.toMatchObject({
      code: 'ENOENT',
      path: path('none'),
    });
    await expect(readLines(path()).next()).rejects.toMatchObject({ code: 'EISDIR', path: path() });
    await expect(
      readLines(path('none'), { signal: AbortSignal.abort('stop') }).next(),
    ).rejects.toBe('stop');
    expect(() => readLines(3 as never)).toThrow('readLines: path is 3');
  });
});
