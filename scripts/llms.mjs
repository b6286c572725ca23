// Writes llms.txt and llms-full.txt, the docs for assistants that write code: the first is a list of all pages, the second their text.
//
//   node scripts/llms.mjs <directory>
//
// `npm run docs` writes them beside the site.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './setup.mjs';

const TUTORIAL = [
  ...['first-group', 'failure', 'cancellation', 'timeouts', 'resources', 'sharing', 'streams'],
  'virtual-time',
];
const EXPLANATION = ['design', 'not-cancellable', 'runtimes', 'diagnostics', 'rules'];

const INTRODUCTION = `# Ambit

> Structured concurrency for native JavaScript promises, in TypeScript: no task outlives its scope, no error is lost, and a cancellation reaches everything below it. Packages: @ambit/core (tasks, scopes, time), @ambit/sync (locks, queues, channels, budgets), @ambit/io (HTTP, sockets, processes, files, threads).

Begin a program with \`run\`, start tasks in a \`taskGroup\`, limit time with \`timeout\`, and call libraries that take an AbortSignal with \`withSignal\`. Functions of Ambit that wait need no signal: they are cancelled with the scope around them. Each package has a skill: skills/ambit/SKILL.md.
`;

/** @param {string} directory */
export function writeLlms(directory) {
  const sections = {
    Tutorial: TUTORIAL.map((page) => `tutorial/${page}`),
    Guides: guides(),
    Explanation: EXPLANATION,
  };
  const lists = Object.entries(sections).map(
    ([title, pages]) => `## ${title}\n\n${pages.map(linkTo).join('')}`,
  );
  const texts = Object.values(sections)
    .flat()
    .map((page) => `<!-- /${page}.html -->\n\n${textOf(page)}`);
  writeFileSync(join(directory, 'llms.txt'), [INTRODUCTION, ...lists].join('\n'));
  writeFileSync(join(directory, 'llms-full.txt'), [INTRODUCTION, ...texts].join('\n'));
}

/** In the order of the page that lists them. */
function guides() {
  const links = textOf('guides/index').matchAll(/\]\(([\w-]+)\.md\)/g);
  return [...links].map(([, page]) => `guides/${page}`);
}

/** @param {string} page @returns {string} without the comments for our own scripts */
function textOf(page) {
  return readFileSync(join(root, 'docs', `${page}.md`), 'utf8').replaceAll(/^<!-- .* -->\n+/gm, '');
}

/** @param {string} page @returns {string} its title and its first sentence */
function linkTo(page) {
  const text = textOf(page).replaceAll(/^```[^]*?^```$/gm, '');
  const [, title = page] = /^# (.*)$/m.exec(text) ?? [];
  const [, first = ''] = /^# .*\n+((?:(?!\n\n)[^])*)/m.exec(text) ?? [];
  const plain = first.replaceAll('\n', ' ').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  const [sentence] = /^.*?[.:?](?= |$)/.exec(plain) ?? [plain];
  return `- [${title}](/${page}.html): ${sentence}\n`;
}

const [, program = '', directory] = process.argv;
if (import.meta.url === pathToFileURL(program).href) {
  if (directory === undefined) throw new Error('llms: name the directory to write to');
  writeLlms(directory);
}
