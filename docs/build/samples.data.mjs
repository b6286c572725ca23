// The programs of the tutorial and the guides that run in a browser, as the playground shows them: without types and imports. A
// page shows a program under a comment with its name, and gets a link there.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';

const examples = join(import.meta.dirname, '../../examples');
const FOLDERS = ['tutorial', 'guides'];
/** Only what the playground has: no module of Node, no process, no time of a test. */
const ELSEWHERE =
  /from '(?!@ambit\/(?:core|core\/abort|core\/iter|core\/actions|sync)')|\bprocess\.|import\.meta/;

/** @returns {string[]} names like `tutorial/lock` */
export function samplesForBrowsers() {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(examples, folder))
      .filter((file) => /^[^.]+\.ts$/.test(file))
      .filter((file) => !ELSEWHERE.test(readFileSync(join(examples, folder, file), 'utf8')))
      .map((file) => `${folder}/${file.replace('.ts', '')}`),
  );
}

export default {
  load() {
    return Promise.all(
      samplesForBrowsers().map(async (name) => ({ name, code: await programOf(name) })),
    );
  },
};

/** What the build has made of it. */
function programOf(name) {
  const built = readFileSync(join(examples, 'dist', `${name}.js`), 'utf8');
  const bare = built.replace(/^\/\/(?: #(?:end)?region|# sourceMappingURL).*$/gm, '');
  return format(bare, { parser: 'babel', singleQuote: true, printWidth: 80 });
}
