import { run, sleep } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checks } from '../src/checks.mjs';
import { ambit } from '../src/contenders/ambit.mjs';
import { conformance } from '../src/run.mjs';

const noes = ['foreign-promise'];
/** There is no run inside of a run, so the hour on virtual time is a test of its own. */
const inside = { ...ambit, virtualHour: undefined };

test('Ambit answers every question as the page says', async () => {
  const answers = await run(() => conformance(inside, { pause: sleep }), {
    loop: new VirtualLoop(),
  });
  const expected = checks.map(({ id }) => [id, ![...noes, 'virtual-time'].includes(id)]);
  expect(answers).toEqual(Object.fromEntries(expected));
});

test('an hour passes at once', async () => {
  await expect(ambit.virtualHour()).resolves.toBeUndefined();
});

test('the page shows every question, with the answer of Ambit in the first column', () => {
  const page = readFileSync(join(__dirname, '../../docs/comparison.md'), 'utf8');
  for (const { id, question } of checks) {
    const answer = noes.includes(id) ? 'no' : 'yes';
    expect(page.replaceAll(/ +/g, ' ')).toContain(`| ${question} | ${answer} |`);
  }
});

test('a contender that cancels nothing is found out', async () => {
  const careless = {
    ...inside,
    all: (works: readonly (() => Promise<void>)[]) => Promise.all(works.map((work) => work())),
    shield: undefined,
  };
  const answers = await run(() => conformance(careless, { pause: sleep }), {
    loop: new VirtualLoop(),
  });
  expect(answers).toMatchObject({
    'failure-cancels': false,
    'failure-waits': false,
    'errors-kept': false,
    'race-cancels': true,
    shield: false,
  });
});
