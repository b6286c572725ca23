// Counts what a proxy loses, by hand and with Ambit, in front of the same model.
//
//   npm run example -- llm-proxy/counts
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startModel } from '../agent/model-server.ts';
import type { Model } from '../agent/model-server.ts';

interface Proxy {
  readonly url: string;
  readonly child: ChildProcess;
}

async function start(program: string, args: string[]): Promise<Proxy> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url, child };
}

/** Asks for a stream. Resolves with whether it came to its end. */
async function stream({ url }: Proxy, signal: AbortSignal): Promise<boolean> {
  const body = JSON.stringify({
    model: 'fake',
    max_tokens: 1000,
    messages: [{ role: 'user', content: 'q' }],
  });
  try {
    const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body, signal });
    return (await response.text()).includes('[DONE]');
  } catch {
    return false;
  }
}

async function untilSpeaking(model: Model, count: number): Promise<void> {
  while (model.statistics().speaking !== count) await pause(5);
}

const STREAMS = 10;

type Arguments = (upstream: string) => string[];

/** Starts ten streams, does something, and counts. */
async function count(
  [program, argsFor]: readonly [string, Arguments],
  words: number,
  act: (running: Running) => Promise<number>,
): Promise<number> {
  const model = await startModel(() => ({ text: 'word '.repeat(words) }), 15);
  const proxy = await start(program, argsFor(model.url));
  const leave = new AbortController();
  const streams = Array.from({ length: STREAMS }, () => stream(proxy, leave.signal));
  await untilSpeaking(model, STREAMS);
  const counted = await act({ model, proxy, streams, leave });
  leave.abort();
  proxy.child.kill('SIGKILL');
  await model.close();
  return counted;
}

interface Running {
  readonly model: Model;
  readonly proxy: Proxy;
  readonly streams: Promise<boolean>[];
  readonly leave: AbortController;
}

/** The browsers leave: how many requests the model still answers two seconds later. */
async function runningAfterLeaving({ model, streams, leave }: Running): Promise<number> {
  leave.abort();
  await Promise.all(streams);
  for (let at = 0; at < 40 && model.statistics().running > 0; at += 1) await pause(50);
  return model.statistics().running;
}

/** The proxy is told to end: how many streams do not come to their end. */
async function cutAtSigterm({ proxy, streams }: Running): Promise<number> {
  proxy.child.kill('SIGTERM');
  return (await Promise.all(streams)).filter((isWhole) => !isWhole).length;
}

const hand = ['by-hand.js', (upstream: string) => [upstream]] as const;
const ambit = [
  'main.js',
  (upstream: string) => ['--port', '0', '--upstream', upstream, '--tokens', '1000000'],
] as const;
const rows: (string | number)[][] = [
  ['', 'by hand', 'with Ambit'],
  ['---', '---:', '---:'],
];
const left = (proxy: typeof hand | typeof ambit) => count(proxy, 2000, runningAfterLeaving);
const cut = (proxy: typeof hand | typeof ambit) => count(proxy, 60, cutAtSigterm);
rows.push([
  `of ${STREAMS} streams whose browser left, running at the model`,
  await left(hand),
  await left(ambit),
]);
rows.push([`of ${STREAMS} streams, cut at SIGTERM`, await cut(hand), await cut(ambit)]);
console.log(rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n'));
