// #region gather
import { gather, run, sleep } from '@ambit/core';

async function factorial(name: string, number: number): Promise<number> {
  let f = 1;
  for (let i = 2; i <= number; i += 1) {
    console.log(`Task ${name}: Compute factorial(${number}), currently i=${i}...`);
    await sleep(10);
    f *= i;
  }
  console.log(`Task ${name}: factorial(${number}) = ${f}`);
  return f;
}

await run(async () => {
  const values = await gather([
    () => factorial('A', 2),
    () => factorial('B', 3),
    () => factorial('C', 4),
  ]);
  console.log(JSON.stringify(values).replaceAll(',', ', '));
});
// #endregion gather
