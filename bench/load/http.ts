// A client of its own, so that what it costs is not counted: sends `count` requests to `port` over a number of connections
// that stay open, one at a time on each.
import { once } from 'node:events';
import { connect } from 'node:net';

const CONNECTIONS = 50;
const request = 'GET /hello?name=you HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n';
/** The end of the one chunk, or of the body of known length. */
const END = 'hello, world\n';

process.on('message', ({ port, count }: { port: number; count: number }) => {
  const each = Math.ceil(count / CONNECTIONS);
  const clients = Array.from({ length: CONNECTIONS }, () => client(port, each));
  void Promise.all(clients).then(() => process.send?.('done'));
});

async function client(port: number, count: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let left = count;
  socket.setEncoding('latin1').on('data', (text: string) => {
    if (!text.endsWith(END)) return;
    left -= 1;
    if (left > 0) socket.write(request);
    else socket.destroy();
  });
  socket.on('connect', () => socket.write(request));
  await once(socket, 'close');
}
