// What the condition `production` has in the place of a package's code: messages are numbers, and the names of internal
// properties are short. `npm run messages` numbers the messages, and writes the page that explains them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { SHORTENED } from './doors.mjs';
import { root } from './setup.mjs';

const LIST = join(root, 'scripts/messages.json');
const PAGE = join(root, 'docs/messages.md');
// A shorter one costs less than its number.
const SHORTEST = 16;
/** The module that has the function by which a number becomes a message. */
const NUMBERED = '\0numbered';
const CODE =
  'export const numbered = (n, ...about) => `Ambit message ${n}: ${about.map(String).join("; ")}`;';

/** What warns programs under development, and what takes its place. */
const SILENT = {
  'loss-watch.ts': 'export const watchOf = () => undefined;',
  'still-waiting.ts': 'export const watchOver = () => undefined; export const forget = watchOver;',
};

/** A plugin for rollup that has the code of a package's sources shortened before `compile`, and gives it the mangled names. */
export function shortener(folder, compile) {
  const numbers = new Map(messages().map((message, index) => [message, index + 1]));
  const names = shortNames(folder);
  return {
    name: 'shortener',
    resolveId: (id) => (id === NUMBERED ? id : undefined),
    load: async (id) => {
      if (id === NUMBERED) return CODE;
      const silent = SILENT[basename(id)];
      if (silent !== undefined) return silent;
      if (!id.endsWith('.ts')) return undefined;
      const code = withNumbers(readFileSync(id, 'utf8'), (message) => {
        const number = numbers.get(message);
        if (number === undefined) throw new Error(`${id}: run \`npm run messages\` for ${message}`);
        return number;
      });
      const result = await compile(id, code, { mangleProps: /^_[A-Za-z]/, mangleCache: names });
      const unknown = Object.keys(result.mangleCache).filter((name) => !(name in names));
      if (unknown.length > 0) throw new Error(`${id}: no short name for ${unknown.join(', ')}`);
      return result;
    },
  };
}

/** The code with a call of `numbered` for each message of an error or a warning; as many lines as before. */
export function withNumbers(code, numberOf) {
  const edits = messagesIn(code).map(({ node, text, about }) => {
    const call = `numbered(${[numberOf(text), ...about.map((each) => each.getText())].join(', ')})`;
    const lines = node.getText().split('\n').length - call.split('\n').length;
    return { start: node.getStart(), end: node.end, text: `${call}${'\n'.repeat(lines)}` };
  });
  if (edits.length === 0) return code;
  let result = code;
  for (const { start, end, text } of edits.reverse()) {
    result = `${result.slice(0, start)}${text}${result.slice(end)}`;
  }
  return `import { numbered } from ${JSON.stringify(NUMBERED)}; ${result}`;
}

/** The messages of errors and warnings in a source, with `%s` where they name what they are about. */
function messagesIn(code) {
  const file = ts.createSourceFile('', code, ts.ScriptTarget.ESNext, true);
  const found = [];
  const visit = (node) => {
    const message = messageOf(node);
    if (message !== undefined) found.push(message);
    // What a message is about has none of its own: the edits would overlap.
    else ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function messageOf(node) {
  for (const argument of tellingArguments(node)) {
    const parts = partsOf(argument);
    if (parts === undefined || parts.text.length < SHORTEST || !parts.text.includes(' ')) continue;
    return { node: argument, ...parts };
  }
  return undefined;
}

/** Those of an error that is made, and the first one of a warning, whose others are names. */
function tellingArguments(node) {
  const { expression, arguments: all = [] } = node;
  if (expression === undefined || !ts.isIdentifier(expression)) return [];
  if (ts.isNewExpression(node)) return expression.text.endsWith('Error') ? all : [];
  const isWarning = ts.isCallExpression(node) && /^(emitWarning|printError)$/.test(expression.text);
  return isWarning ? all.slice(0, 1) : [];
}

function partsOf(node) {
  if (ts.isStringLiteralLike(node)) return { text: node.text, about: [] };
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans;
    return {
      text: [node.head.text, ...spans.map(({ literal }) => literal.text)].join('%s'),
      about: spans.map(({ expression }) => expression),
    };
  }
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken)
    return undefined;
  const [left, right] = [partsOf(node.left), partsOf(node.right)];
  if (left === undefined || right === undefined) return undefined;
  return { text: left.text + right.text, about: [...left.about, ...right.about] };
}

/** The short names of all that begins with `_` in a package: the most frequent first. */
export function shortNames(folder) {
  const times = new Map();
  for (const file of sourcesOf(folder)) {
    for (const [name] of readFileSync(file, 'utf8').matchAll(/(?<![\w$])_[A-Za-z]\w*/g))
      times.set(name, (times.get(name) ?? 0) + 1);
  }
  const free = shortest((name) => !times.has(name));
  const byTimes = [...times].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return Object.fromEntries(byTimes.map(([name]) => [name, free.next().value]));
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

// They begin with `_` as the long ones do, so that none of them is a public name.
function* shortest(isFree) {
  for (const before of ['', ...LETTERS]) {
    for (const letter of LETTERS) {
      const name = `_${before}${letter}`;
      if (isFree(name)) yield name;
    }
  }
}

function sourcesOf(folder) {
  return readdirSync(join(folder, 'src'), { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => join(folder, 'src', file));
}

/** The messages in the order of their numbers; those that no code has any more keep theirs. */
function messages() {
  return JSON.parse(readFileSync(LIST, 'utf8'));
}

/** Gives numbers to new messages; returns what the list and the page should be. */
export function numberAll() {
  const known = messages();
  const used = new Set();
  for (const project of SHORTENED) {
    for (const file of sourcesOf(join(root, 'packages', project)))
      for (const { text } of messagesIn(readFileSync(file, 'utf8'))) used.add(text);
  }
  const list = [...known, ...[...used].filter((text) => !known.includes(text))];
  return new Map([
    [LIST, `${JSON.stringify(list, undefined, 2)}\n`],
    [PAGE, pageOf(list)],
  ]);
}

function pageOf(list) {
  const items = list.map((text, index) => `${index + 1}. ${codeOf(text)}`);
  return `# Messages

Bundlers set the condition \`production\` for what they make for users; Vite and webpack do it by themselves. With it, \`@ambit/core\` says
the number of a message in the place of its text, so that no text is in the bundle: \`Ambit message 1: …\`. After the number
stands what the message is about, in the order of the \`%s\` in this list. A number never changes its meaning.

This page is made by \`npm run messages\`.

${items.join('\n')}
`;
}

function codeOf(text) {
  const line = text.replaceAll('\n', '⏎');
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isCheck = process.argv.includes('--check');
  for (const [file, text] of numberAll()) {
    if (readFileSync(file, 'utf8') === text) continue;
    if (!isCheck) writeFileSync(file, text);
    else {
      console.error(`${file}: run \`npm run messages\``);
      process.exitCode = 1;
    }
  }
}
