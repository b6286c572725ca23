import { followed, logOf, rewritten, slotted, watchFrames } from './support/frames.ts';
import { programOf } from './support/programs.ts';

// The gate runs 400 programs. AMBIT_FUZZ=1300 makes more than a million checks, AMBIT_SEED begins at another program.
const PROGRAMS = Number(process.env['AMBIT_FUZZ'] ?? 400);
const FIRST = Number(process.env['AMBIT_SEED'] ?? 1);

test('a rewritten program sees what AsyncLocalStorage shows to the original, in the same order', async () => {
  const watch = watchFrames();
  let looks = 0;
  for (let seed = FIRST; seed < FIRST + PROGRAMS; seed++) {
    const program = programOf(seed);
    const [right, found] = [
      await logOf(program, followed),
      await logOf(rewritten(program), slotted),
    ];
    looks += right.length;
    if (found.join() !== right.join()) throw new Error(differenceOf(seed, right, found));
  }
  watch.stop();
  if (process.env['AMBIT_FUZZ']) console.log(`${looks} looks, ${watch.left} frames left standing`);
  expect(watch.left).toBe(0);
}, 600_000);

function differenceOf(seed: number, right: string[], found: string[]): string {
  const at = right.findIndex((each, index) => each !== found[index]);
  return `seed ${seed}, look ${at}: ${String(found[at])} instead of ${String(right[at])}`;
}
