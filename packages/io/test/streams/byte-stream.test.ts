import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { NodeByteStream } from '../../src/streams/node-stream.ts';
import { byteStreamContract } from '../contracts/byte-stream.ts';

byteStreamContract('Node’s sockets over TCP', async () => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [[peer]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  server.close();
  return [
    new NodeByteStream({ label: 'the client', readable: client, writable: client }),
    new NodeByteStream({ label: 'the server', readable: peer, writable: peer }),
  ];
});
