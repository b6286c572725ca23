// #region before
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function save(part: string, ms: number): Promise<void> {
  await pause(ms);
  if (part === 'b') throw new Error('disk full');
  console.log(`${part} is written`);
}

await Promise.all([save('a', 30), save('b', 10)]).catch((error: unknown) =>
  console.log(String(error)),
);
console.log('tidy up');
// #endregion before
