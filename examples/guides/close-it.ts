// #region close-it
import { createServer } from 'node:net';
import { once } from 'node:events';
import { currentScope, moveOnAfter, run } from '@ambit/core';

await run(async () => {
  const server = createServer().listen(0, '127.0.0.1');
  const result = await moveOnAfter(50, async () => {
    const { signal } = currentScope();
    using _ = currentScope().onCancel(() => server.close());
    await once(server, 'close', { signal });
    return 'closed by other code';
  });
  console.log(result ?? 'closed', server.listening);
});
// #endregion close-it
