// Counts the outcomes of requests when a server under load is told to stop: `node bench/dist/load/shutdown.js [rounds]`.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const rounds = Number(process.argv[2] ?? 5);
const clients = 32;

interface Tally {
  readonly [outcome: string]: readonly string[];
  readonly symptoms: never;
}

for (let round = 1; round <= rounds; round += 1) {
  const server = start('server.mjs');
  const [port] = (await once(server.stdout, 'data')) as [Buffer];
  const load = start('load.mjs', String(port).trim(), String(clients));
  const [begun, tally] = [text(server.stdout), text(load.stdout)];
  await pause(1000 + Math.random() * 500);
  const told = performance.now();
  server.kill('SIGTERM');
  const [code, signal] = (await once(server, 'close')) as [number | null, string | null];
  const ms = Math.round(performance.now() - told);
  const outcome = JSON.parse(await tally) as Tally;
  const count = (name: string): number => outcome[name]?.length ?? 0;
  const accepted = (await begun).trim().split(' ');
  const whole = new Set(outcome['answered']);
  console.log(
    `${round}: ends by ${signal ?? code} after ${ms} ms; accepted ${accepted.length}, answered ${count('answered')},`,
    `lost ${accepted.filter((path) => !whole.has(path)).length}; refused ${count('refused')},`,
    `closed before acceptance ${count('closed')}; ${JSON.stringify(outcome.symptoms)}`,
  );
}

type Program = ChildProcess & { readonly stdout: NonNullable<ChildProcess['stdout']> };

function start(name: string, ...args: string[]): Program {
  const program = new URL(`../../../packages/io/test/fixtures/${name}`, import.meta.url);
  return spawn(process.execPath, [fileURLToPath(program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
