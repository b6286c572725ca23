import { CancelScope, sleep, taskGroup } from '@ambit/core';
import { performance } from 'node:perf_hooks';
import type { WriteStream } from 'node:tty';
import { events } from '../events/events.ts';
import type { Report } from '../inspect/vital-signs.ts';
import { GoneError, watch } from './client.ts';
import { describe } from './describe.ts';
import { History } from './history.ts';
import { coloured, uncoloured } from './paint.ts';
import { draw } from './screen.ts';
import { Terminal } from './terminal.ts';
import { TopState } from './top-state.ts';

/** What `ambit top` was given. */
export interface TopOptions {
  readonly pid: string;
  /** Milliseconds between two reports. */
  readonly every: number;
  /** After how many reports it ends. */
  readonly count: number;
  readonly json: boolean;
}

type Print = (text: string) => void;

/** Shows a program as it goes on: on the whole screen of a terminal, elsewhere as text, one report after the other. */
export async function showTop(options: TopOptions, print: Print): Promise<void> {
  const isTerminal = process.stdout.isTTY && process.stdin.isTTY && !options.json;
  const name = await (isTerminal ? onTerminal(options) : asText(options, print));
  if (name !== undefined) print(`${name} (${options.pid}) has ended`);
}

/** Returns the name of the program if it has ended. */
async function asText(options: TopOptions, print: Print): Promise<string | undefined> {
  const { pid, every, count, json } = options;
  const history = new History();
  let seen = 0;
  try {
    for await (const report of watch(pid, every)) {
      history.add(report);
      seen += 1;
      print(json ? JSON.stringify(report) : `${describe(report, history.rates).join('\n')}\n`);
      if (seen >= count) return undefined;
    }
  } catch (error) {
    if (!(error instanceof GoneError) || history.last === undefined) throw error;
  }
  return json ? undefined : history.last?.name;
}

/** How often what has no report of its own is drawn anew: the time since the last one. */
const TICK = 500;

async function onTerminal({ pid, every, count }: TopOptions): Promise<string | undefined> {
  const reports = watch(pid, every);
  // Before the screen is taken: what fails at once is said where the command was given.
  const first = await reports.next();
  if (first.done === true) return pid;
  const screen = new Screen(new TopState(every), first.value);
  try {
    return await screen.follow(reports, count);
  } finally {
    screen[Symbol.dispose]();
  }
}

/** Draws the state of `ambit top` whenever it changes. */
class Screen implements Disposable {
  readonly #terminal: Terminal = new Terminal(process.stdin, process.stdout);
  readonly #state: TopState;
  readonly #name: string;
  readonly #paint = process.env['NO_COLOR'] ? uncoloured : coloured;
  #lastScroll = 0;

  constructor(state: TopState, first: Report) {
    this.#state = state;
    this.#name = first.name;
    this.#take(first);
  }

  [Symbol.dispose](): void {
    this.#terminal[Symbol.dispose]();
  }

  /** Until the user quits, or that many reports were shown; returns the name of the program if it has ended. */
  async follow(reports: AsyncIterator<Report>, count: number): Promise<string | undefined> {
    let outcome: string | undefined;
    const scope = new CancelScope({ name: 'the screen' });
    await scope.run(() =>
      taskGroup(async (group) => {
        group.spawn(() => this.#followKeys(scope), { name: 'keys', daemon: true });
        group.spawn(() => this.#followTime(), { name: 'clock', daemon: true });
        group.spawn(() => this.#followSize(process.stdout), { name: 'size', daemon: true });
        outcome = await this.#followReports(reports, count);
      }),
    );
    return outcome;
  }

  async #followReports(reports: AsyncIterator<Report>, count: number): Promise<string | undefined> {
    try {
      for (let seen = 1; seen < count; seen += 1) {
        const next = await reports.next();
        if (next.done === true) return this.#name;
        this.#take(next.value);
      }
      return undefined;
    } catch (error) {
      if (error instanceof GoneError) return this.#name;
      throw error;
    }
  }

  #take(report: Report): void {
    this.#state.take(report, performance.now());
    this.#draw();
  }

  #draw(): void {
    const view = this.#state.view(performance.now());
    if (view === undefined) return;
    const { lines, lastScroll } = draw(view, this.#terminal.size, this.#paint);
    this.#lastScroll = lastScroll;
    this.#terminal.draw(lines);
  }

  async #followKeys(scope: CancelScope): Promise<void> {
    for await (const key of this.#terminal.keys()) {
      const page = Math.max(this.#terminal.size.rows - 10, 1);
      const effect = this.#state.press(key, { page, last: this.#lastScroll });
      if (effect === 'quit') break;
      if (effect === 'suspend') this.#terminal.suspend();
      this.#draw();
    }
    scope.cancel();
  }

  async #followTime(): Promise<never> {
    for (;;) {
      await sleep(TICK);
      this.#draw();
    }
  }

  async #followSize(output: WriteStream): Promise<void> {
    for await (const _ of events(output, 'resize')) this.#draw();
  }
}
