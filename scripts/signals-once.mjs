/** Longer than npm takes to pass a signal on, shorter than anyone takes to press Ctrl-C again. */
const echo = 100;

/**
 * Ctrl-C reaches a program under `npm start` twice: the terminal signals the whole process group, and npm, being in it,
 * passes its own copy on. To a program that takes the second Ctrl-C for "stop at once" that is fatal.
 * Drops a signal that arrives within `echo` milliseconds of the same one.
 */
export function deliverSignalsOnce() {
  for (const signal of ['SIGINT', 'SIGTERM']) dropEchoes(signal);
}

function dropEchoes(signal) {
  const { emit, kill } = process;
  let hold;

  const release = () => {
    clearTimeout(hold);
    hold = undefined;
    process.removeListener(signal, ignore);
  };

  process.emit = function (event, ...args) {
    if (event !== signal) return emit.call(this, event, ...args);
    if (hold) return true;
    // The program may stop listening before the echo arrives, which would then kill it.
    process.on(signal, ignore);
    hold = setTimeout(release, echo).unref();
    return emit.call(this, event, ...args);
  };

  // A program that ends by sending itself the signal (so that its parent sees why) means it.
  process.kill = (pid, what) => {
    if (pid === process.pid && what === signal) release();
    return kill.call(process, pid, what);
  };
}

function ignore() {}
