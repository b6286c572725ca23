import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

// The docs for assistants that write code, as the build of the site writes them.

const root = resolve(__dirname, '../..');
let index: string;
let full: string;

beforeAll(() => {
  const directory = mkdtempSync(join(tmpdir(), 'ambit-llms-'));
  try {
    execFileSync(process.execPath, [join(root, 'scripts/llms.mjs'), directory]);
    index = readFileSync(join(directory, 'llms.txt'), 'utf8');
    full = readFileSync(join(directory, 'llms-full.txt'), 'utf8');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

const pages = ['tutorial', 'guides'].flatMap((directory) =>
  readdirSync(join(root, 'docs', directory))
    .filter((file) => file.endsWith('.md') && file !== 'index.md')
    .map((file) => `${directory}/${file.slice(0, -3)}`),
);

test('llms.txt names every page of the tutorial and the guides, each with a sentence', () => {
  expect(pages.length).toBeGreaterThan(20);
  const named = [...index.matchAll(/^- \[.+\]\(\/(.*)\.html\): \S.{10,}$/gm)];
  expect(named.map(([, page]) => page)).toEqual(expect.arrayContaining(pages));
  expect(index.match(/^- /gm)).toHaveLength(named.length);
});

test('llms-full.txt has the text of each page, with its programs', () => {
  for (const page of pages) {
    const text = readFileSync(join(root, 'docs', `${page}.md`), 'utf8');
    const [title = ''] = /^# .*$/m.exec(text) ?? [];
    expect(full).toContain(`\n<!-- /${page}.html -->\n`);
    expect(full).toContain(`\n${title}\n`);
    for (const [program] of text.matchAll(/^```ts\n[^]*?^```$/gm)) expect(full).toContain(program);
  }
});

describe('the skills', () => {
  test.each(['core', 'sync', 'io'])('that of %s has a table, twelve mistakes and rules', (name) => {
    const manifest = readFileSync(join(root, 'packages', name, 'package.json'), 'utf8');
    expect((JSON.parse(manifest) as { files: string[] }).files).toContain('skills');
    const skill = readFileSync(join(root, 'packages', name, 'skills/ambit/SKILL.md'), 'utf8');
    expect(skill).toMatch(/^---\nname: ambit-\w+\ndescription: .{50,}\n---\n/);
    expect(skill.match(/^\d+\. /gm)).toHaveLength(12);
    expect(skill).toMatch(/## Which call\n[^]*## Twelve mistakes\n[^]*## Lint rules\n/);
    const rules = readdirSync(join(root, 'eslint-plugin/src/rules')).map((file) =>
      file.slice(0, -4),
    );
    const named = [...skill.matchAll(/`([a-z]+(?:-[a-z]+){2,})`/g)].map(([, rule]) => rule);
    expect(named).not.toEqual([]);
    expect(rules).toEqual(expect.arrayContaining(named));
  });
});
