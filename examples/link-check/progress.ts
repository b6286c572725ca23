import type { WriteStream } from 'node:tty';
import { Presets, SingleBar } from 'cli-progress';
import type { Finding } from './crawl.ts';

/** Shows how far the crawl is. Disposed of when the crawl has ended. */
export interface Progress extends Disposable {
  /** `known` grows with every new link that is found. */
  update(done: number, known: number, address: string, finding: Omit<Finding, 'ms'>): void;
}

/** A bar on a terminal, a line for each address elsewhere. */
export function progressOn(stream: WriteStream): Progress {
  return stream.isTTY ? bar(stream) : lines(stream);
}

function bar(stream: WriteStream): Progress {
  const bar = new SingleBar(
    {
      format: '{bar} {value} of {total} addresses · {address}',
      barsize: 30,
      stream,
      clearOnComplete: true,
      hideCursor: true,
      // Its signal handlers would keep the signal from ending the process; disposing does the same.
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  bar.start(1, 0, { address: '' });
  return {
    update: (done, known, address) => {
      bar.setTotal(known);
      bar.update(done, { address });
    },
    [Symbol.dispose]: () => {
      bar.stop();
    },
  };
}

function lines(stream: WriteStream): Progress {
  return {
    update: (done, known, address, { status, reason }) => {
      const why = reason === '' ? '' : ` (${reason})`;
      stream.write(`${done} of ${known}: ${status} ${address}${why}\n`);
    },
    [Symbol.dispose]: () => undefined,
  };
}
