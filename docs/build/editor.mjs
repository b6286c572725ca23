// The programs of the tutorial and the guides as projects for an online editor that runs Node: StackBlitz makes a project of a form
// that is posted to it, so a link needs no repository. A page shows a program under a comment with its name, and gets the form there.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const RUN = 'https://stackblitz.com/run?file=main.ts';
/** Only what can be installed there and needs no server. Threads load modules that only the build makes. */
const ELSEWHERE = /from '(?!@ambit\/|node:)|import\.meta/;
const REGIONS = /^\/\/ #(?:end)?region .*\n/gm;

/**
 * @param {string} name like `tutorial/lock`
 * @returns {Record<string, string> | undefined} the files of its project; undefined for a program that cannot run there
 */
export function projectOf(name) {
  const file = join(root, 'examples', `${name}.ts`);
  if (!/^(?:tutorial|guides)\//.test(name) || !existsSync(file)) return undefined;
  const code = readFileSync(file, 'utf8');
  if (ELSEWHERE.test(code)) return undefined;
  return {
    'main.ts': code.replace(REGIONS, '').trimStart(),
    'package.json': `${JSON.stringify(manifestOf(name, code), null, 2)}\n`,
    'tsconfig.json': `${JSON.stringify({ compilerOptions }, null, 2)}\n`,
  };
}

const compilerOptions = {
  ...{ target: 'es2024', module: 'nodenext', strict: true, noEmit: true },
  lib: ['es2024', 'esnext.disposable'],
};

function manifestOf(name, code) {
  const imported = Array.from(code.matchAll(/from '@ambit\/(\w+)/g), ([, each]) => each);
  const packages = new Set(['core', ...imported]);
  const ours = [...packages].sort().map((each) => [`@ambit/${each}`, `^${versionOf(each)}`]);
  return {
    ...{ name: name.replace('/', '-'), private: true, type: 'module' },
    scripts: { start: 'tsx main.ts' },
    dependencies: Object.fromEntries(ours),
    devDependencies: { '@types/node': '^24', tsx: '^4' },
  };
}

function versionOf(name) {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')).version;
}

/**
 * @param {string} name of a program
 * @param {Record<string, string>} files of its project
 * @param {(text: string) => string} escape for an attribute
 * @returns {string} HTML: a form that opens the project in a new tab
 */
export function editorForm(name, files, escape) {
  const fields = {
    'project[title]': `Ambit: ${name}`,
    'project[description]': 'A program of the documentation of Ambit',
    'project[template]': 'node',
    ...Object.fromEntries(
      Object.entries(files).map(([file, text]) => [`project[files][${file}]`, text]),
    ),
  };
  const inputs = Object.entries(fields).map(
    ([field, value]) =>
      `<input type="hidden" name="${field}" value="${escape(value).replaceAll('\n', '&#10;')}">`,
  );
  return `<form v-pre method="post" action="${RUN}" target="_blank">${inputs.join('')}<button>Open in StackBlitz</button></form>`;
}
