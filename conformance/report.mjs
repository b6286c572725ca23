// Asks every contender every question, weighs and times each, and writes the answers into docs/comparison.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { checks } from './src/checks.mjs';
import { contenders } from './src/contenders/index.mjs';
import { costOf, sizeOf } from './src/measure.mjs';
import { conformance } from './src/run.mjs';

const page = new URL('../docs/comparison.md', import.meta.url);
const parts = /(?<=<!-- made by conformance\/report\.mjs -->\n)[^]*(?=<!-- end -->)/;

// Errors that a contender loses reach the process; a lost error is one of the answers.
process.on('unhandledRejection', () => undefined);

const columns = [];
for (const contender of contenders) {
  const answers = await conformance(contender);
  const size = await sizeOf(contender);
  const cost = await costOf(contender);
  columns.push({ contender, answers, size, cost });
}
const text = readFileSync(page, 'utf8');
writeFileSync(page, text.replace(parts, `\n${table()}\n`));
process.exit(0);

function table() {
  const cell = ({ contender, answers }, { id, needs }) => {
    if (contender[needs] === undefined) return '–';
    return answers[id] ? 'yes' : 'no';
  };
  const lines = [
    ['', ...columns.map(({ contender }) => contender.title)],
    ['---', ...columns.map(() => '---')],
    ...checks.map((check) => [check.question, ...columns.map((column) => cell(column, check))]),
    ['Size of a smallest program, KiB', ...columns.map(({ size }) => size.toFixed(1))],
    ['Two functions together, µs', ...columns.map(({ cost }) => cost.toFixed(1))],
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
