// #region download
import { CancelScope, run, timeout } from '@ambit/core';
import { fetch, fromReadable, fromWritable, openFile, pipe } from '@ambit/io';
import { readFile, serveHttp, temporaryDirectory } from '@ambit/io';
import type { HttpAddress } from '@ambit/io';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';

async function download(url: string, path: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`${url}: ${response.status}`);
  const total = Number(response.headers.get('content-length'));
  const file = await openFile(`${path}.part`, 'w');
  await pipe(fromReadable(response.body), fromWritable(file.createWriteStream()), {
    onProgress: (done) => {
      if (done === total) console.log(`${done} of ${total} bytes`);
    },
  });
  await rename(`${path}.part`, path); // an incomplete file never has this name
}

await run(async (group) => {
  const server = new CancelScope();
  const { port } = await group.start<HttpAddress>((_task, started) =>
    server.run(() =>
      serveHttp((_, response) => response.end('x'.repeat(100_000)), {
        port: 0,
        host: '127.0.0.1',
        onListening: started,
      }),
    ),
  );
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'page');
  await timeout(5000, () => download(`http://127.0.0.1:${port}/`, path));
  console.log(`${(await readFile(path)).length} bytes in the file`);
  server.cancel();
});
// #endregion download
