// What an idle connection costs the server, next to a bare node:net one: a number of connections to an echo server, each a
// task that waits to receive, after one question and answer.
//
//   node bench/dist/load/idle-connections.js [count, default 10000]
//
// Server and clients are processes of their own: each has to have a file for every connection, and for
// the 1,000 that come before those that are weighed (`ulimit -n`).
import { weighConnections } from './weigh-connections.ts';

const count = Number(process.argv[2] ?? 10_000);
for (const kind of ['node:net', 'node:net, async', 'node:net, the same by hand', '@ambit/io']) {
  const { seconds, each, left } = await weighConnections(kind, count);
  console.log(
    `${kind.padEnd(26)} ${count} connections in ${seconds.toFixed(1)} s; each ${Math.round(each.heap)} bytes of heap, ` +
      `${Math.round(each.resident)} resident; after the last has left ${left.heap} bytes more than before`,
  );
}
