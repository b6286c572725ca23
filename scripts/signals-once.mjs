/** Longer than npm takes to pass a signal on, shorter than anyone takes to press Ctrl-C again. */
const echo = 100;

/**
 * Ctrl-C reaches a program under `npm start` twice: the terminal signals the whole process group, and npm, being in it,
 * passes its own copy on. To a program that takes the second Ctrl-C for "stop at once" that is fatal.
 * Drops a signal that arrives within `echo` milliseconds of the same one.
 */
export function deliverSignalsOnce() {
  const held = new Set();
  for (const signal of ['SIGINT', 'SIGTERM']) dropEchoes(signal, held);

  // Code that checks for other listeners, for example before it ends by the signal, means those of the program.
  const { listenerCount } = process;
  process.listenerCount = (event, ...rest) =>
    listenerCount.call(process, event, ...rest) - (rest.length === 0 && held.has(event) ? 1 : 0);
}

function dropEchoes(signal, held) {
  const { emit, kill } = process;

  const release = () => {
    held.delete(signal);
    process.removeListener(signal, ignore);
  };

  process.emit = function (event, ...args) {
    if (event !== signal) return emit.call(this, event, ...args);
    if (held.has(signal)) return true;
    // The program may stop listening before the echo arrives, which would then kill it.
    process.on(signal, ignore);
    held.add(signal);
    // After one more look at what has arrived: a busy program may see the echo late.
    setTimeout(() => setImmediate(release).unref(), echo).unref();
    return emit.call(this, event, ...args);
  };

  // A program that ends by sending itself the signal (so that its parent sees why) means it.
  process.kill = (pid, what) => {
    if (pid === process.pid && what === signal) release();
    return kill.call(process, pid, what);
  };
}

function ignore() {}
