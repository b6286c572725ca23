import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

// What is built, as a program gets it: a bundler sets the condition, and Node does with a flag.
const PROGRAM = `
  import { CancelScope, gather, isCancelled, run, sleep, taskGroup, timeout } from '@ambit/core';
  import { ParkingLot } from '@ambit/core/lowlevel';
  import { mapConcurrent } from '@ambit/core/iter';
  const messageOf = (error) => error.message;
  await run(async () => {
    console.log(await gather([() => sleep(1, { value: 1 }), () => sleep(1, { value: 2 })]));
    console.log(await timeout(5, () => sleep(1000)).catch((error) => error.name));
    console.log(await timeout('soon', () => 1).catch(messageOf));
    const lot = new ParkingLot();
    const scope = new CancelScope();
    const parked = scope.run(() => lot.park()).catch(isCancelled);
    console.log(lot.size);
    scope.cancel();
    console.log(await parked, lot.size);
    const group = taskGroup(async (g) => void g.spawn(() => { throw new Error('refused'); }));
    console.log(await group.catch(messageOf));
    for await (const item of mapConcurrent([1, 2], (n) => n * 2, { limit: 2 })) console.log(item);
  });
`;

const EXPECTED =
  /^\[ 1, 2 \]\nTimeoutError\nAmbit message (\d+): (.*)\n1\n(\w+) 0\nrefused\n2\n4\n$/;

function outcomeOf(code: string, ...conditions: string[]): string {
  const flags = conditions.map((condition) => `--conditions=${condition}`);
  const args = [...flags, '--input-type=module', '--eval', code];
  const options = { cwd: __dirname, encoding: 'utf8' } as const;
  const { stdout, stderr } = spawnSync(process.execPath, args, options);
  return `${stdout}${stderr}`;
}

function textOf(number: string | undefined): string | undefined {
  const page = readFileSync(join(__dirname, '../../../../docs/messages.md'), 'utf8');
  return page.split('\n').find((line) => line.startsWith(`${String(number)}. `));
}

test('with the condition `production`, errors say the number of a message that the page explains', () => {
  const [, number, about] = EXPECTED.exec(outcomeOf(PROGRAM, 'production')) ?? [];
  expect(textOf(number)).toMatch('%s: %s is %s, not a number; %s');
  expect(about).toMatch('timeout; ms; "soon"; ');
});

test('the copy for browsers has numbers, too', () => {
  expect(outcomeOf(PROGRAM, 'production', 'ambit-explicit')).toMatch(EXPECTED);
});

test('a bundle for production has no long internal name, and only the files that it needs', () => {
  const { outputFiles, metafile } = buildSync({
    stdin: { contents: "export { sleep, timeout } from '@ambit/core'", resolveDir: __dirname },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['production'],
    logLevel: 'error',
  });
  const code = outputFiles.map(({ text }) => text).join('\n');
  expect(code).not.toMatch(/\._[A-Za-z]{3}/);
  const files = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
  expect(files.some((file) => file.includes('/waiting/'))).toBe(true);
  expect(files.filter((file) => file.includes('/tasks/'))).toEqual([]);
});
