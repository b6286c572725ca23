// #region process
import { run, timeout, TimeoutError } from '@ambit/core';
import { ProcessError, runProcess } from '@ambit/io';

await run(async () => {
  const { stdout } = await runProcess('sort', [], { input: 'pear\napple\n' });
  console.log(stdout.trim());

  try {
    await runProcess('node', ['--eval', 'process.exit(3)']);
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    console.log(`it ended with ${error.code}`);
  }

  try {
    await timeout(50, () => runProcess('sleep', ['60']));
  } catch (error) {
    console.log(error instanceof TimeoutError ? 'ended, and nothing of it is left' : error);
  }
});
// #endregion process
