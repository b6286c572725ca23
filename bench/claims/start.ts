// How long a program takes to start that imports a package, next to one that imports nothing.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { weigh } from '../contest.ts';

const here = fileURLToPath(new URL('../..', import.meta.url));

// Not by process.stdout, whose modules would be loaded in all of them.
const TELL = `
const { user, system } = process.cpuUsage();
process.getBuiltinModule('node:fs').writeSync(1, String((user + system) / 1000));`;

/** Milliseconds of processor time, of the whole process up to the end of its imports. */
function started(...modules: string[]): number {
  const program = [...modules.map((name) => `import ${JSON.stringify(name)};`), TELL].join('\n');
  const args = ['--input-type=module', '--eval', program];
  return Number(execFileSync(process.execPath, args, { cwd: here, encoding: 'utf8' }));
}

const NOTHING = 'nothing';

const claims = [
  { ours: '@ambit/core', atMost: 1.1, peers: ['effect/Effect', 'effection'] },
  { ours: '@ambit/sync', atMost: 1.15, peers: ['async-mutex', 'p-queue'] },
  { ours: '@ambit/io', atMost: 1.3, peers: ['node:http', 'node:child_process'] },
];

for (const { ours, atMost, peers } of claims) {
  await weigh({
    title: `Start a program that imports ${ours}`,
    unit: 'ms of processor time',
    contenders: [
      { name: ours, weigh: () => started(ours) },
      { name: NOTHING, weigh: () => started() },
      ...peers.map((name) => ({ name, weigh: () => started(name) })),
    ],
    aims: [{ against: NOTHING, atMost }],
  });
}
