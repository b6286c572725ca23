// A chat server: each line of a guest goes to all others. Try it with two or three terminals.
//
//   npm run example -- chat-server --port 4000 [--host 127.0.0.1] [--echo]
//   nc 127.0.0.1 4000
//
// With --echo each guest gets only their own lines. A slow guest does not hold up the others, and misses lines that do not fit into
// their queue. Ctrl-C disconnects all guests and ends the program.
import { run, taskGroup } from '@ambit/core';
import { BrokenResourceError, bufferedReader, listenTcp } from '@ambit/io';
import type { SocketStream } from '@ambit/io';
import { Queue } from '@ambit/sync';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4000' },
    host: { type: 'string', default: '127.0.0.1' },
    echo: { type: 'boolean', default: false },
  },
});

/** The lines that are still to be sent to each guest. */
const guests = new Map<string, Queue<string>>();

function tell(everybodyBut: string, text: string): void {
  for (const [name, inbox] of guests) if (name !== everybodyBut) inbox.tryPut(text);
}

async function chat(stream: SocketStream): Promise<void> {
  const lines = bufferedReader(stream, { limit: 1000 });
  await stream.send('your name? ');
  const name = (await lines.readLine())?.trim();
  if (name === undefined || name === '' || guests.has(name)) {
    await stream.send('sorry, another time\n');
    return;
  }
  const inbox = new Queue<string>({ capacity: 100 });
  guests.set(name, inbox);
  tell(name, `* ${name} is here\n`);
  try {
    await taskGroup(async (group) => {
      group.spawn(() => sendAll(inbox, stream), { daemon: true });
      for await (const line of lines.lines()) tell(name, `${name}: ${line}\n`);
    });
  } finally {
    guests.delete(name);
    tell(name, `* ${name} has left\n`);
  }
}

async function sendAll(inbox: Queue<string>, stream: SocketStream): Promise<void> {
  for (;;) await stream.send(await inbox.get());
}

async function echo(stream: SocketStream): Promise<void> {
  for await (const piece of stream) await stream.send(piece);
}

/** A guest whose connection breaks has left; other errors are printed. */
function report(error: unknown, stream?: SocketStream): void {
  if (error instanceof BrokenResourceError) return;
  console.error(`${stream?.label ?? 'a handshake'}: ${String(error)}`);
}

await run(async () => {
  const listener = await listenTcp({ port: Number(values.port), host: values.host });
  console.log(`listening on ${listener.address.host}:${String(listener.address.port)}`);
  await listener.serve(values.echo ? echo : chat, { limit: 1000, onError: report });
});
