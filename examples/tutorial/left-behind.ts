// #region left-behind
import { sleep } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

try {
  await testRun(() => {
    void sleep(1000); // no code waits for it
  });
} catch (error) {
  console.log(String(error));
}
// #endregion left-behind
