// #region primes
export function countPrimes(below: number): number {
  let count = 0;
  for (let number = 2; number < below; number += 1) if (isPrime(number)) count += 1;
  return count;
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor ** 2 <= number; divisor += 1) {
    if (number % divisor === 0) return false;
  }
  return true;
}
// #endregion primes
