// npm run rules: writes into docs/rules.md, below each rule, the tests that cite it (`// rule 71`). With numbers it prints the files
// that cite these rules: `npm run rules -- 71`. With `--check` it writes nothing, and fails if a cited rule is not on the page, if a
// listed test does not cite its rule, or if a rule has no test and no reason in decision 2.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { packages, root } from './setup.mjs';

const page = join(root, 'docs/rules.md');
const decision = join(root, 'docs/decisions/0002-rules-that-do-not-apply.md');
const CITATION = /\brules? (\d+(?:(?:, and |, | and | to )\d+)*)/g;
const RULE = /^\*\*(\d+)\.\*\* .*\n(?:\n_Tests: (.*)_\n)?/gm;

/** @typedef {{ file: string, rules: Set<number> }} Citing */

/** @returns {Citing[]} the files of the packages that cite rules */
function citing() {
  const files = packages().flatMap((project) =>
    ['src', 'test'].flatMap((part) =>
      readdirSync(join(root, project, part), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${project}/${part}/${name.replaceAll(sep, '/')}`),
    ),
  );
  return files
    .map((file) => ({ file, rules: citedIn(readFileSync(join(root, file), 'utf8')) }))
    .filter(({ rules }) => rules.size > 0);
}

/** `rules 6 to 8 and 30` are 6, 7, 8 and 30. */
function citedIn(text) {
  const rules = new Set();
  for (const [, list = ''] of text.matchAll(CITATION)) {
    for (const part of list.split(/, and |, | and /)) {
      const [from = 0, to = from] = part.split(' to ').map(Number);
      for (let rule = from; rule <= to; rule += 1) rules.add(rule);
    }
  }
  return rules;
}

/** `packages/core/test/scope/shield.test.ts` is `core/scope/shield` on the page. */
function shortNameOf(file) {
  return file.replace(/^packages\/(.*?)\/test\//, '$1/').replace(/(\.test)?\.ts$/, '');
}

/** Rules that decision 2 explains as a whole: `| 33 |`, but not `| 28 (reading before entry) |`. */
function inapplicable() {
  const rows = readFileSync(decision, 'utf8').matchAll(/^\| (\d+) +\|/gm);
  return new Set([...rows].map(([, rule]) => Number(rule)));
}

const sources = citing();
const tests = sources.filter(({ file }) => file.includes('/test/'));
const text = readFileSync(page, 'utf8');
const rules = [...text.matchAll(RULE)].map(([, number, listed = '']) => ({
  number: Number(number),
  listed: [...listed.matchAll(/`(.*?)`/g)].map(([, name]) => name),
}));
const testsOf = (number) => tests.filter(({ rules: cited }) => cited.has(number));

function check() {
  const known = new Set(rules.map(({ number }) => number));
  const excused = inapplicable();
  const unknown = sources.flatMap(({ file, rules: cited }) =>
    [...cited].filter((rule) => !known.has(rule)).map((rule) => `${file} cites rule ${rule}`),
  );
  const untrue = rules.flatMap(({ number, listed }) => {
    const names = testsOf(number).map(({ file }) => shortNameOf(file));
    const wrong = listed.filter((name) => !names.includes(name));
    const lines = wrong.map((name) => `rule ${number} lists ${name}, which does not cite it`);
    if (listed.length > 0 || excused.has(number)) return lines;
    return [...lines, `rule ${number} has no test, and no reason in decision 2`];
  });
  const disordered = rules.filter(({ number }, at) => number !== at + 1);
  return [
    ...unknown.map((line) => `${line}, which is not in docs/rules.md`),
    ...untrue.map((line) => `docs/rules.md: ${line}; run npm run rules`),
    ...disordered.slice(0, 1).map(({ number }) => `docs/rules.md: rule ${number} is out of order`),
  ];
}

function write() {
  const updated = text.replaceAll(RULE, (whole, number) => {
    const names = testsOf(Number(number)).map(({ file }) => `\`${shortNameOf(file)}\``);
    const rule = whole.split('\n')[0];
    return names.length === 0 ? `${rule}\n` : `${rule}\n\n_Tests: ${names.sort().join(', ')}_\n`;
  });
  if (updated !== text) writeFileSync(page, updated);
}

const numbers = process.argv.slice(2).map(Number).filter(Number.isInteger);
if (process.argv.includes('--check')) {
  const problems = check();
  for (const problem of problems) console.log(problem);
  if (problems.length > 0) process.exitCode = 1;
} else if (numbers.length > 0) {
  for (const number of numbers)
    for (const { file, rules: cited } of sources)
      if (cited.has(number)) console.log(`${number}: ${file}`);
} else {
  write();
}
