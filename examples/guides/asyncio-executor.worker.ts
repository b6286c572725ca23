// #region module
export function cpuBound(limit: number): number {
  let sum = 0;
  for (let i = 0; i < limit; i += 1) sum += i * i;
  return sum;
}
// #endregion module
