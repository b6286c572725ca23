import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

// More than the suite takes on a slow machine.
const LIMIT = 240_000;

/** Runs a program to its end and answers what it printed; rejects if it ends with another code than `expected`, or takes too long. */
export async function start([command, ...args], { expected = 0, ...options }) {
  const child = spawn(command, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  const [{ code, signal }, stdout, stderr] = await Promise.all([
    ended,
    text(child.stdout),
    text(child.stderr),
  ]);
  if (code === expected) return { stdout };
  throw new Error(`${command} ended with ${signal ?? code}:\n${stderr}${stdout.slice(-2000)}`);
}
