/* global expect, jest */
// Tests with real processes, sockets, servers and browsers depend on what else the machine does: one that fails there runs
// once more, and jest-reporter.mjs names it at the end. On virtual time a failure is a failure.
const real =
  /\/(packages\/io|packages\/sync\/test\/lease|packages\/core\/test\/program|packages\/\w+\/test\/\w+\/fairness|examples|unplugin|codemods|conformance)\b/;
if (real.test(expect.getState().testPath)) jest.retryTimes(1, { logErrorsBeforeRetry: true });
