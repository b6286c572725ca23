// npm run words: prints each place where a page, a comment of a program, or a message of the packages has a turn of phrase that
// is hard to read, with words to use instead. Fails if there is any.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { root } from './setup.mjs';

/** Turns that a reader stumbles over, each with what to write instead. */
const BANNED = [
  [
    /(?<!\b(?:people|person|maintainers?|readers?|users?|authors?|everyone|anyone) )\bwho\b|\bwho(?:ever|m|mever)\b/i,
    'name the caller, the task or the person',
  ],
  [/\b(?:he|him|his)\b/i, '"they", or the noun'],
  [/\bwhatever\b/i, 'name it'],
  [
    /(?:^|[.;:] )What (?:is|was|has|comes|came|goes|waits|runs|takes|stands)\b.*\b(?:is|are|has|goes|comes|gets)\b/,
    'name the subject',
  ],
  [/\bso many\b/i, '"a number of"'],
  [/\bbesides\b/i, '"also", "in addition"'],
  [/\b(?:some|any|no)body\b/i, 'name the caller, the task or the person'],
  [/\bfor ever\b/i, '"forever"'],
  [/\bdear(?:er|est)?\b/i, '"expensive"'],
  [/\ball the same\b/i, '"anyway"'],
  [/,? say[,.;:)]|\bsay\)|, say$/i, '"for example"'],
  [/\bfolders?\b/i, '"directory"'],
  [/\bmend(?:s|ed|ing)?\b/i, '"fix"'],
  [
    /\b(?:stand|stood)s? (?:in|at|on|there|here|below|above|beside|behind|for)\b/i,
    '"is", "represents"',
  ],
  [/\b(?:became|becomes?) of\b/i, '"the outcome of"'],
  [/\b(?:it|which|call|function|method|that) answers\b/i, '"returns"'],
  [/\bfinds? out\b/i, '"detects"'],
  [/\b(?:has|have) not got\b/i, '"lacks", "is missing"'],
  [/\b(?:wherein|thereof|whilst|hither|thither|lest|nought|betwixt)\b/i, 'a present-day word'],
];

const COMMENTS = /\.(?:[cm]?[jt]s)$/;
const SKIPPED = new Set([
  'node_modules',
  'dist',
  'coverage',
  'reference',
  'etc',
  'temp',
  'cache',
  'test',
  '.git',
]);

/** @typedef {{ file: string, line: number, text: string, instead: string }} Place */

/** What the compiler writes is skipped, but not the sources in docs/build. */
function isSkipped(path) {
  const [folder, , name] = relative(root, path).split(sep);
  return SKIPPED.has(basename(path)) || (folder === 'packages' && name === 'build');
}

/** @returns {string[]} */
function filesIn(folder, wanted) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return isSkipped(path) ? [] : filesIn(path, wanted);
    return wanted.test(entry.name) ? [relative(root, path).replaceAll(sep, '/')] : [];
  });
}

/** The prose of a page, line by line: without programs, code in a line, and comments for our own tools. */
function proseOf(text) {
  return text
    .replaceAll(/^( *)(```+)[^]*?^\1\2$/gm, blank)
    .replaceAll(/<!--[^]*?-->|<script[^]*?<\/script>|^---\n[^]*?\n---$/gm, blank)
    .replaceAll(/`[^`\n]*`|\]\([^)\s]*\)/g, blank);
}

/** The comments of a program, line by line; of a package its messages as well: texts of several words. */
function commentsOf(text, isPackage) {
  return text.replaceAll(
    /`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\/\*[^]*?\*\/|\/\/.*|[^\n]/g,
    (part) => {
      if (/^\/[/*]/.test(part)) return part.replaceAll(/`[^`\n]*`|\{@link [^}]*\}/g, blank);
      if (isPackage && /^[`'"].* /.test(part)) return part.replaceAll(/\$\{[^}]*\}/g, blank);
      return blank(part);
    },
  );
}

function blank(text) {
  return text.replaceAll(/[^\n]/g, ' ');
}

/** @returns {Place[]} */
function placesIn(file) {
  const whole = readFileSync(join(root, file), 'utf8');
  const prose = file.endsWith('.md')
    ? proseOf(whole)
    : commentsOf(whole, /^packages\/[^/]+\/src\//.test(file));
  return prose.split('\n').flatMap((line, at) =>
    BANNED.flatMap(([turn, instead]) => {
      const [found] = turn.exec(line.trim()) ?? [];
      return found === undefined ? [] : [{ file, line: at + 1, text: found.trim(), instead }];
    }),
  );
}

const pages = filesIn(root, /\.md$/).filter(
  (file) => !/(?:^|\/)CHANGELOG\.md$|^docs\/benchmarks\.md$|^\.changeset\/(?!README)/.test(file),
);
const programs = [
  'packages',
  'examples',
  'codemods',
  'conformance',
  'eslint-plugin',
  'scripts',
  'bench',
  'runtimes',
  'docs',
].flatMap((folder) =>
  filesIn(join(root, folder), COMMENTS).filter((file) => file !== 'scripts/words.mjs'),
);

for (const { file, line, text, instead } of [...pages, ...programs].flatMap(placesIn)) {
  process.exitCode = 1;
  console.log(`${file}:${line}: "${text}"; write ${instead}`);
}
