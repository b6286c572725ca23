import { spawn } from 'node:child_process';

/** What it is called in the table. */
export const ENDS_BY_SIGNAL = {
  feature: 'run(), Ctrl-C',
  name: 'cleans up and ends by the signal',
};

/** Starts program.mjs, sends it SIGINT once it is ready, and looks how it ends. */
export async function endBySignal([command, ...args], options) {
  const { said, code, signal } = await interrupt(
    spawn(command, args, { ...options, timeout: 30_000 }),
  );
  // A runtime that cannot end by a signal says the same by its exit code.
  const isRight = said === 'ready\nclean\n' && (signal === 'SIGINT' || code === 130);
  if (isRight) return { ...ENDS_BY_SIGNAL, outcome: 'passed' };
  const text = `it said ${JSON.stringify(said)} and ended with ${signal ?? code}`;
  return { ...ENDS_BY_SIGNAL, outcome: 'failed', text };
}

function interrupt(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
      if (said === 'ready\n') child.kill('SIGINT');
    });
    child.stderr.pipe(process.stderr, { end: false });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ said, code, signal }));
  });
}
