// #region cancellation-token
import { CancelScope, run, sleep } from '@ambit/core';

/** As VS Code passes it to a provider. */
interface CancellationToken {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): { dispose(): void };
}

/** Runs a body until the token asks it to end; it is undefined then. */
async function withToken<T>(
  token: CancellationToken,
  body: () => Promise<T>,
): Promise<T | undefined> {
  const scope = new CancelScope({ name: 'token' });
  const cancel = (): void => {
    scope.cancel('the editor does not need it any more');
  };
  if (token.isCancellationRequested) cancel();
  const subscription = token.onCancellationRequested(cancel);
  try {
    return await scope.run(body);
  } finally {
    subscription.dispose();
  }
}

const listeners = new Set<() => void>();
const token: CancellationToken = {
  isCancellationRequested: false,
  onCancellationRequested(listener) {
    listeners.add(listener);
    return { dispose: () => listeners.delete(listener) };
  },
};

await run(async (group) => {
  console.log(await withToken(token, () => sleep(5, { value: 'a completion' })));
  group.spawn(async () => {
    await sleep(5);
    for (const cancel of listeners) cancel();
  });
  console.log(await withToken(token, () => sleep(60_000, { value: 'too late' })));
  console.log(`${listeners.size} listeners are left`);
});
// #endregion cancellation-token
