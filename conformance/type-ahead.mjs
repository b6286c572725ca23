// Writes the table of docs/type-ahead.md from what six programs do, and one of the programs; `--check` fails if the page is out of date, or
// if a program does not do all that is required of it.
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { columns } from './src/type-ahead/index.mjs';
import { further, required } from './src/type-ahead/questions.mjs';

const page = new URL('../docs/type-ahead.md', import.meta.url);
const program = new URL('src/type-ahead/programs/ambit.mjs', import.meta.url);
const TABLE = /(?<=<!-- made by conformance\/type-ahead\.mjs -->\n)[^]*?(?=<!-- end -->)/;
const PROGRAM = /(?<=<!-- copied by conformance\/type-ahead\.mjs -->\n)[^]*?(?=<!-- end -->)/;
/** A bundle may become so much smaller or larger before the page must say so. */
const TOLERANCE = 0.05;

const all = await columns();
const text = readFileSync(page, 'utf8');
const made = text
  .replace(TABLE, `\n${table(all)}\n\n`)
  .replace(PROGRAM, () => `\n\`\`\`js\n${readFileSync(program, 'utf8')}\`\`\`\n\n`);
const complaints = all.flatMap(({ title, answers }) =>
  required
    .filter(({ question }) => !answers[question])
    .map(({ question }) => `not so: ${title}: ${question}`),
);
if (process.argv.includes('--check')) {
  if (!isCurrent(text, made))
    complaints.push('docs/type-ahead.md is out of date: node conformance/type-ahead.mjs', made);
} else {
  writeFileSync(page, made);
}
console.log(complaints.join('\n'));
process.exit(complaints.length > 0 ? 1 : 0);

function table(contenders) {
  const row = (name, valueOf) => [name, ...contenders.map(valueOf)];
  const answersTo = ({ question }) =>
    row(question, ({ answers }) => (answers[question] ? 'yes' : 'no'));
  const rows = [
    row('', ({ title }) => title),
    row('---', () => '---'),
    ...[...required, ...further].map(answersTo),
    row('Lines of the program', ({ lines }) => lines),
    row('Bytes of its bundle', ({ size }) => size.toLocaleString('en-US')),
  ];
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function isCurrent(before, now) {
  const [old, fresh] = [before, now].map((each) => sizesOf(plain(each)));
  const isNear = (size, at) => Math.abs(size / fresh.sizes[at] - 1) <= TOLERANCE;
  return old.rest === fresh.rest && old.sizes.every(isNear);
}

/** As prettier pads tables. */
function plain(markdown) {
  return markdown.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
}

function sizesOf(markdown) {
  const line = /^\| Bytes of its bundle \|.*$/m;
  const cells = line.exec(markdown)?.[0].split('|').slice(2, -1) ?? [];
  return {
    sizes: cells.map((cell) => Number(cell.replaceAll(/[, ]/g, ''))),
    rest: markdown.replace(line, ''),
  };
}
