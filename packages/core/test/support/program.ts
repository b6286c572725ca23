import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Outcome {
  /** The exit code, or the signal that the process died of. */
  readonly end: number | string | null;
  readonly lines: string[];
  readonly stderr: string;
}

/** Runs a scenario of the fixture; sends it a signal when it first says one of these lines. */
export function program(
  scenario: string,
  signals: Record<string, NodeJS.Signals> = {},
): Promise<Outcome> {
  const path = join(__dirname, '../fixtures', 'program.mjs');
  const child = spawn(process.execPath, [path, scenario], { stdio: ['ignore', 'pipe', 'pipe'] });
  const toSend = new Map(Object.entries(signals));
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const line of text.split('\n')) {
      const signal = toSend.get(line);
      if (signal !== undefined) child.kill(signal);
      toSend.delete(line);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ end: code ?? signal, lines: stdout.trimEnd().split('\n'), stderr });
    });
  });
}
