// npm run shipped: prints the files that each package would publish, with their sizes in bytes, as `npm pack` lists them. They are
// read from the tarballs that pnpm makes, because pnpm is what publishes. Fails if a tarball has a file of a kind that no user needs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packages, readJson, root, setUp } from './setup.mjs';

/** All that a package may contain. */
const EXPECTED =
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|bin\/\w+\.mjs|bin\/page\/page\.(html|css|js)|skills\/\w+\/SKILL\.md|src\/[\w/.-]+\.m?ts|src\/[\w/.-]+\.mjs|dist\/[\w/.-]+\.([mc]?js|d\.[mc]?ts|map)|dist\/([\w-]+\/)+package\.json)$/;
const BLOCK = 512;

/**
 * @param {string} project its directory
 * @returns {{ path: string, size: number }[]} the files of its tarball
 */
function filesOf(project) {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-shipped-'));
  try {
    pack(project, folder);
    const [tarball] = readdirSync(folder);
    return listTar(gunzipSync(readFileSync(join(folder, tarball))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pack(project, folder) {
  const { packageManager } = readJson(join(root, 'package.json'));
  const { status, stderr } = spawnSync(
    'npx',
    ['--yes', packageManager, 'pack', '--pack-destination', folder],
    { cwd: project, encoding: 'utf8', shell: process.platform === 'win32' },
  );
  if (status !== 0) throw new Error(`shipped: ${project} could not be packed: ${stderr}`);
}

/** A tar file is a row of headers, each followed by the bytes of its file, in blocks. */
function listTar(tar) {
  const textAt = (from, length) => tar.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  const files = [];
  for (let at = 0; textAt(at, 100) !== '';) {
    const size = parseInt(textAt(at + 124, 12), 8);
    const prefix = textAt(at + 345, 155);
    const path = (prefix === '' ? '' : `${prefix}/`) + textAt(at, 100);
    files.push({ path: path.replace(/^package\//, ''), size });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Reports each file that no user needs, and fails then. */
export function expectShipped(name, paths) {
  for (const path of paths.filter((each) => !EXPECTED.test(each))) {
    console.error(
      `shipped: ${name} would publish ${path}; exclude it in \`files\` of its manifest`,
    );
    process.exitCode = 1;
  }
}

function show(name, files) {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  console.log(`\n${name}: ${files.length} files, ${total} bytes`);
  for (const { path, size } of files) console.log(`${String(size).padStart(9)}  ${path}`);
}

if (process.argv[1] === import.meta.filename) {
  setUp();
  for (const project of packages()) {
    const { name, version } = readJson(join(root, project, 'package.json'));
    const files = filesOf(join(root, project));
    show(`${name}@${version}`, files);
    expectShipped(
      name,
      files.map(({ path }) => path),
    );
  }
}
