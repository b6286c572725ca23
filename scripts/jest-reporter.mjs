/** What a healthy process may take to end once the tests are over: coverage is put together then, which takes its time. */
const patience = 60_000;

/**
 * A timer or socket that outlives the tests is a leak: jest would report it and then wait for it forever. And a test that needed
 * its second try (second-try.cjs) is named.
 */
export default class Reporter {
  #watches;

  constructor({ watch, watchAll }) {
    this.#watches = watch || watchAll;
  }

  onRunComplete(_contexts, { testResults }) {
    const again = testResults.flatMap((file) => file.testResults).filter(isSecondTry);
    for (const { fullName } of again) {
      process.stderr.write(`Passed only when tried again: ${fullName}\n`);
    }
    if (this.#watches) return;
    // Does not keep the process alive: it goes off only if something else does.
    setTimeout(giveUp, patience).unref();
  }
}

function isSecondTry({ status, invocations }) {
  return status === 'passed' && invocations > 1;
}

function giveUp() {
  process.stderr.write(
    'Something is still open after the tests; `npm test -- --detectOpenHandles` tells where it came from.\n',
  );
  process.exit(1);
}
