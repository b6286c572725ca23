// npm run release:notes: prints what belongs above the changelog of the next release: the public names that came and went since the
// last one, by the API reports, and what each door costs in a bundle.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packages, root, setUp } from './setup.mjs';

setUp();
const last = git('describe', '--tags', '--abbrev=0', '--match', '@ambit/core@*').trim();
console.log(`## Public names${last === '' ? '' : `, since ${last}`}\n`);
for (const project of packages()) {
  for (const report of readdirSync(join(root, project, 'etc')).filter(isReport)) {
    compare(`${project}/etc/${report}`);
  }
}
console.log('\n## Sizes\n\n```text');
spawnSync(process.execPath, [join(root, 'scripts/size.mjs')], { cwd: root, stdio: 'inherit' });
console.log('```');

function compare(path) {
  const now = namesIn(readFileSync(join(root, path), 'utf8'));
  const before = last === '' ? new Set() : namesIn(git('show', `${last}:${path}`));
  const came = [...now].filter((name) => !before.has(name));
  const went = [...before].filter((name) => !now.has(name));
  if (came.length + went.length === 0) return;
  const door = path.replace(/^packages\/(\w+)\/etc\/\w+?(?:-([\w-]+))?\.api\.md$/, (_, name, of) =>
    of === undefined ? `@ambit/${name}` : `@ambit/${name}/${of}`,
  );
  console.log(`- \`${door}\`${list('new', came)}${list('gone', went)}`);
}

function list(title, names) {
  if (names.length === 0) return '';
  return `\n  - ${title}: ${names
    .sort()
    .map((name) => `\`${name}\``)
    .join(', ')}`;
}

function namesIn(report) {
  const declared =
    /^export (?:declare )?(?:abstract )?(?:function|class|interface|type|const|let|enum) (\w+)/gm;
  return new Set([...report.matchAll(declared)].map(([, name]) => name));
}

function isReport(name) {
  return name.endsWith('.api.md');
}

/** What git prints; nothing if it finds nothing. */
function git(...arguments_) {
  const { stdout, status } = spawnSync('git', arguments_, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout : '';
}
