'use strict';

const assert = require('node:assert/strict');
const { join } = require('node:path');

/** A first use of `@ambit/io`, however it was loaded: a connection, a process, a thread, and what is cancelled in one. */
exports.exerciseIo = ({ run, timeout }, io) =>
  run(async (group) => {
    const listener = await io.listenTcp({ port: 0, host: '127.0.0.1' });
    group.spawn(() =>
      listener.serve(async (stream) => {
        for await (const bytes of stream) await stream.send(bytes);
      }),
    );
    const stream = await io.connectTcp({ host: '127.0.0.1', port: listener.address.port });
    await stream.send('one\ntwo\n');
    await stream.sendEof();
    const lines = [];
    for await (const line of io.bufferedReader(stream).lines()) lines.push(line);
    assert.deepEqual(lines, ['one', 'two']);
    await listener.close();

    const { stdout } = await io.runProcess(process.execPath, ['--print', '6 * 7']);
    assert.equal(stdout.trim(), '42');

    const work = join(__dirname, 'work.cjs');
    assert.equal(await io.toThread(work, 'sum', 40, 2), 42);
    const seen = new Int32Array(new SharedArrayBuffer(4));
    await assert.rejects(
      timeout(300, () => io.toThread(work, 'untilCancelled', seen)),
      { name: 'TimeoutError' },
    );
    assert.equal(Atomics.load(seen, 0), 1);
  });
