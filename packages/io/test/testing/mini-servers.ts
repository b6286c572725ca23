import * as net from 'node:net';

/** As much of Redis as drivers need to set and get, and to hear one message of a channel: RESP 3. */
export function serveRedis(): net.Server {
  const values = new Map<string, string>();
  const answer = ([command = '', key = '', value = '']: string[]): string => {
    switch (command.toUpperCase()) {
      case 'SET':
        values.set(key, value);
        return '+OK\r\n';
      case 'GET':
        return bulk(values.get(key));
      case 'INFO':
        return bulk('redis_version:7.0.0\r\nloading:0\r\n');
      case 'HELLO':
        return `%1\r\n${bulk('proto')}:3\r\n`;
      case 'PING':
        return '+PONG\r\n';
      case 'SUBSCRIBE':
        return `>3\r\n${bulk('subscribe')}${bulk(key)}:1\r\n>3\r\n${bulk('message')}${bulk(key)}${bulk('news')}`;
      default:
        return '+OK\r\n';
    }
  };
  return net
    .createServer((socket) => {
      let text = '';
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        text += bytes.toString();
        for (let next = parse(text); next !== undefined; next = parse(text)) {
          text = text.slice(next.length);
          socket.write(answer(next.words));
        }
      });
    })
    .listen(6379);
}

function bulk(value: string | undefined): string {
  return value === undefined ? '$-1\r\n' : `$${value.length}\r\n${value}\r\n`;
}

function parse(text: string): { words: string[]; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return undefined;
  let at = head[0].length;
  const words: string[] = [];
  for (let left = Number(head[1]); left > 0; left -= 1) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at));
    if (size === null) return undefined;
    at += size[0].length;
    const length = Number(size[1]);
    if (text.length < at + length + 2) return undefined;
    words.push(text.slice(at, at + length));
    at += length + 2;
  }
  return { words, length: at };
}

/** As much of PostgreSQL as a simple query needs: each is answered with one row, its own text, and a LISTEN with a notification. */
export function servePostgres(): net.Server {
  return net
    .createServer((socket) => {
      let hasStarted = false;
      let bytes = Buffer.alloc(0);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        for (;;) {
          const start = hasStarted ? 1 : 0;
          if (bytes.length < start + 4) return;
          const end = start + bytes.readInt32BE(start);
          if (bytes.length < end) return;
          const kind = hasStarted ? String.fromCharCode(bytes[0] ?? 0) : 'start';
          const body = bytes.subarray(start + 4, end);
          bytes = bytes.subarray(end);
          hasStarted = true;
          // A connection that asks for the end of a query of another one says no more.
          if (kind === 'start' && body.readInt32BE(0) === CANCEL) socket.end();
          else if (kind === 'start') socket.write(Buffer.concat([message('R', int(0)), READY]));
          if (kind === 'Q') socket.write(row(body.subarray(0, -1)));
          if (kind === 'Q' && body.toString().startsWith('LISTEN')) socket.write(NOTIFICATION);
          if (kind === 'X') socket.end();
        }
      });
    })
    .listen(5432);
}

const CANCEL = 80_877_102;

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function message(kind: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(kind), int(body.length + 4), body]);
}

const NOTIFICATION = message('A', Buffer.concat([int(1), Buffer.from('channel\0news\0')]));
const READY = message('Z', Buffer.from('I'));
const ONE = Buffer.from([0, 1]);

function row(text: Buffer): Buffer {
  // Table 0, column 0, type 25 (text), of any size, in text.
  const column = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]);
  return Buffer.concat([
    message('T', Buffer.concat([ONE, Buffer.from('query\0'), column])),
    message('D', Buffer.concat([ONE, int(text.length), text])),
    message('C', Buffer.from('SELECT 1\0')),
    READY,
  ]);
}
