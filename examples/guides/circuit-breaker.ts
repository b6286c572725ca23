// #region circuit-breaker
import { circuitBreaker, CircuitOpenError, run, sleep } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';

let isDown = true;

function fetchPrice(symbol: string): Promise<string> {
  return isDown ? Promise.reject(new Error('503')) : Promise.resolve(`${symbol} 12.30`);
}

const price = circuitBreaker(fetchPrice, { failures: 2, cooldown: 5000 });

async function show(): Promise<void> {
  const text = await price('AMBT').catch((error: unknown) => {
    return error instanceof CircuitOpenError
      ? 'no price at the moment'
      : 'the price service failed';
  });
  console.log(`${price.state}: ${text}`);
}

await run(
  async () => {
    await show();
    await show(); // the second failure opens the circuit
    await show(); // the service is not asked
    isDown = false;
    await sleep(5000);
    await show(); // a probe, which closes it
  },
  { loop: new VirtualLoop() },
);
// #endregion circuit-breaker
