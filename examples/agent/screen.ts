// Shows a journal while it grows: on a terminal as a list that is drawn anew, elsewhere a line for each beginning and end.
import { getRunningLoop } from '@ambit/core';
import type { Budget } from '@ambit/sync';
import type { Entry, Journal } from './journal.ts';

const SIGNS = { running: '…', done: '✓', failed: '✗', cut: '■' };

/** Where it is drawn: a terminal, or what takes lines. */
type Output = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>;

export class Screen {
  budget: Budget | undefined;
  #drawn = 0;
  #isDue = false;
  readonly #shown = new Map<Entry, Entry['state']>();
  readonly #output: Output;

  constructor(output: Output = process.stdout) {
    this.#output = output;
  }

  /** To be called whenever an entry of the journal changes. */
  update(entry: Entry): void {
    if (this.#shown.get(entry) === entry.state && !this.#output.isTTY) return;
    this.#shown.set(entry, entry.state);
    if (!this.#output.isTTY) this.#output.write(`${lineOf(entry)}\n`);
    else if (!this.#isDue) {
      this.#isDue = true;
      setImmediate(() => {
        this.end();
      });
    }
  }

  /** Draws what is due. What the program prints after it stays below. */
  end(): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#draw();
  }

  #draw(): void {
    const lines = [...this.#shown.keys()].map(lineOf);
    if (this.budget !== undefined) lines.push(budgetLine(this.budget));
    // A line that the terminal would wrap counts as two, and the next drawing would begin too far down.
    const fitting = lines.map((line) => line.slice(0, (this.#output.columns || 80) - 1));
    const back = this.#drawn > 0 ? `\x1b[${this.#drawn}F\x1b[J` : '';
    this.#output.write(`${back}${fitting.join('\n')}\n`);
    this.#drawn = lines.length;
  }
}

export function budgetLine({ spent, reserved, total }: Budget): string {
  return `  ${spent} of ${total} tokens spent${reserved > 0 ? `, ${reserved} reserved` : ''}`;
}

function lineOf(entry: Entry): string {
  const { place, state, text, error, startedAt, endedAt } = entry;
  const seconds = (((endedAt ?? getRunningLoop().now()) - startedAt) / 1000).toFixed(1);
  const what = `${place.agent}: ${place.tool ?? 'the model'}`;
  const more =
    error instanceof Error ? `  ${error.name}: ${firstOf(error.message)}` : `  ${firstOf(text)}`;
  return `${SIGNS[state]} ${what.padEnd(32)} ${seconds} s${state === 'cut' ? '  stopped' : more}`;
}

function firstOf(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** All that was said, also answers that were cut short. */
export function transcript({ entries }: Journal): string {
  return entries
    .filter(({ text }) => text !== '')
    .map(({ place, state, text }) => {
      const cut = state === 'done' ? '' : ' … (cut short)';
      return `[${place.agent}${place.tool === undefined ? '' : `: ${place.tool}`}] ${text.trim()}${cut}`;
    })
    .join('\n');
}

/** What has not ended, for the user who has pressed Esc. */
export function stillRunning({ entries }: Journal): string {
  const left = entries.filter(({ state }) => state === 'running');
  if (left.length === 0) return 'everything has ended';
  return `still running: ${left.map(({ place }) => `${place.agent}: ${place.tool ?? 'the model'}`).join(', ')}`;
}
