// #region before
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function save(part: string, ms: number): Promise<void> {
  await pause(ms);
  if (part === 'b') throw new Error('disk full');
  console.log(`${part} is written`);
}

try {
  await Promise.all([save('a', 200), save('b', 10)]);
} catch (error) {
  console.log(String(error));
}
console.log('clean up');
// #endregion before
