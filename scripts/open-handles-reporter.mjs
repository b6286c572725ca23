/** What a healthy process may take to end once the tests are over: coverage is put together then, which takes its time. */
const patience = 60_000;

/** A timer or socket that outlives the tests is a leak: jest would report it and then wait for it forever. */
export default class OpenHandlesReporter {
  #watches;

  constructor({ watch, watchAll }) {
    this.#watches = watch || watchAll;
  }

  onRunComplete() {
    if (this.#watches) return;
    // Does not keep the process alive: it goes off only if something else does.
    setTimeout(giveUp, patience).unref();
  }
}

function giveUp() {
  process.stderr.write(
    'Something is still open after the tests; `npm test -- --detectOpenHandles` tells where it came from.\n',
  );
  process.exit(1);
}
