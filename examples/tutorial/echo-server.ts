// #region echo-server
import { run, taskGroup } from '@ambit/core';
import { bufferedReader, connectTcp, listenTcp } from '@ambit/io';

await run(async () => {
  await taskGroup(async (group) => {
    const listener = await listenTcp({ port: 0, host: '127.0.0.1' });
    group.spawn(
      () =>
        listener.serve(async (stream) => {
          for await (const line of bufferedReader(stream).lines()) {
            await stream.send(`${line.toUpperCase()}\n`);
          }
        }),
      { name: 'server', daemon: true },
    );

    const { port } = listener.address;
    const client = await connectTcp({ port, host: '127.0.0.1' });
    const replies = bufferedReader(client);
    for (const word of ['hello', 'world']) {
      await client.send(`${word}\n`);
      console.log(await replies.readLine());
    }
  });
  console.log('server, connections and client are closed');
});
// #endregion echo-server
