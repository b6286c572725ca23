// #region http-service
import { CancelScope, run, sleep } from '@ambit/core';
import { fetch, serveHttp } from '@ambit/io';
import type { HttpAddress } from '@ambit/io';

await run(async (group) => {
  const service = new CancelScope({ name: 'service' });
  const { port } = await group.start<HttpAddress>((_task, started) =>
    service.run(() =>
      serveHttp(
        async (_request, response) => {
          service.cancel('going down'); // while this request is under way
          await sleep(20);
          response.end('a slow answer');
        },
        { port: 0, host: '127.0.0.1', grace: 1000, onListening: started },
      ),
    ),
  );
  const response = await fetch(`http://127.0.0.1:${port}/`);
  console.log(await response.text());
});
console.log('down, and nothing was cut off');
// #endregion http-service
