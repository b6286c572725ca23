// The forms of the pages make projects that can be installed, and that print what the pages show.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { URLSearchParams } from 'node:url';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const require = createRequire(join(root, 'docs/package.json'));
const FORM = /<form[^>]* action="https:\/\/stackblitz\.com\/run[^>]*>([^]*?)<\/form>/g;
const IMPORT = /from &#39;((?:@[\w-]+\/)?[\w:-]+)/g;

export async function opensInTheEditor(page, dist) {
  const forms = pagesOf(dist).flatMap((path) => [
    ...readFileSync(join(dist, path), 'utf8').matchAll(FORM),
  ]);
  assert.ok(forms.length > 60, `only ${forms.length} programs`);
  for (const [, fields] of forms) hasWhatItImports(fields);
  await page.context().route('https://stackblitz.com/**', (route) => {
    void route.fulfill({ contentType: 'text/html', body: '<title>editor</title>' });
  });
  for (const path of ['tutorial/first-group', 'tutorial/sharing', 'guides/supervision']) {
    await page.goto(`/${path}.html`);
    const { printed, shown } = await openFirst(page);
    assert.deepEqual(printed, { stdout: shown, stderr: '' }, path);
  }
}

function pagesOf(dist) {
  return readdirSync(dist, { recursive: true }).filter((path) => path.endsWith('.html'));
}

function hasWhatItImports(fields) {
  const imported = Array.from(fields.matchAll(IMPORT), ([, name]) => name).filter(
    (name) => !name.startsWith('node:'),
  );
  for (const name of ['@ambit/core', ...imported])
    assert.ok(fields.includes(`&quot;${name}&quot;: &quot;^`), name);
  assert.doesNotMatch(fields, /#(end)?region/);
}

/** Clicks as a reader does, and does with what is posted what the editor would. */
async function openFirst(page) {
  const button = page.getByRole('button', { name: 'Open in StackBlitz' }).first();
  const [request, tab] = await Promise.all([
    page.context().waitForEvent('request', (each) => each.method() === 'POST'),
    page.context().waitForEvent('page'),
    button.click(),
  ]);
  const fields = new URLSearchParams(request.postData());
  await tab.close();
  assert.equal(fields.get('project[template]'), 'node');
  const shown = await page.locator('.trial + .language-text code').first().innerText();
  return { printed: await runProject(filesOf(fields)), shown: `${shown.trimEnd()}\n` };
}

function filesOf(fields) {
  return [...fields].flatMap(([field, text]) => {
    const [, file] = /^project\[files\]\[(.*)\]$/.exec(field) ?? [];
    return file === undefined ? [] : [[file, text.replaceAll('\r\n', '\n')]];
  });
}

/** `npm install && npm start` in a directory of its own; the packages are those of this tree. */
async function runProject(files) {
  const folder = await mkdtemp(join(tmpdir(), 'ambit-editor-'));
  try {
    for (const [file, text] of files) await writeFile(join(folder, file), text);
    const { scripts, dependencies, devDependencies } = JSON.parse(
      files.find(([file]) => file === 'package.json')[1],
    );
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      const link = join(folder, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(placeOf(name), link);
    }
    assert.equal(scripts.start, 'tsx main.ts');
    const tsx = join(folder, 'node_modules/tsx/dist/cli.mjs');
    return await promisify(execFile)(process.execPath, [tsx, 'main.ts'], { cwd: folder });
  } finally {
    await rm(folder, { recursive: true });
  }
}

function placeOf(name) {
  if (name.startsWith('@ambit/')) return join(root, name.replace('@ambit', 'packages'));
  return dirname(require.resolve(`${name}/package.json`));
}
