// The jsr.json of the packages that JSR gets: core and sync, io being for Node. `npm run api` writes them from package.json, and so
// does the release, when the versions are new.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FOLLOWING } from './doors.mjs';
import { readJson, root } from './setup.mjs';

/** The packages, as paths from the root. */
export const onJsr = FOLLOWING.map((name) => `packages/${name}`);

function jsrOf(project, from) {
  const { name, version, license, exports, imports, dependencies, peerDependencies } = readJson(
    join(from, project, 'package.json'),
  );
  const versions = catalog();
  const ranges = Object.entries({ ...peerDependencies, ...dependencies })
    // Deno finds the members of its workspace, and writes their versions into what is published.
    .filter(([, range]) => !range.startsWith('workspace:'))
    // Of peers it takes no open range: the version that the tests use.
    .map(([each]) => [each, `^${versions.get(each)}`]);
  return {
    name,
    version,
    license,
    exports: Object.fromEntries(
      Object.entries(exports)
        .filter(([, target]) => target['@ambit/source'] !== undefined)
        .map(([path, target]) => [path, target['@ambit/source']]),
    ),
    imports: {
      ...Object.fromEntries(
        Object.entries(imports ?? {}).map(([key, { '@ambit/source': source }]) => [
          key,
          // Of the runtimes that JSR is for, this is the one that can be named.
          typeof source === 'string' ? source : source.deno,
        ]),
      ),
      ...Object.fromEntries(ranges.map(([each, range]) => [each, `npm:${each}@${range}`])),
    },
    publish: { include: ['src', 'README.md', 'CHANGELOG.md', 'LICENSE', 'jsr.json'] },
  };
}

/** The versions that pnpm-workspace.yaml pins. */
function catalog() {
  const text = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  return new Map(
    [...text.matchAll(/^ {2}'?([^\s':]+)'?: '?(\d[^\s']*)'?$/gm)].map(([, name, version]) => [
      name,
      version,
    ]),
  );
}

/**
 * @param {string} [from] where the packages are
 * @returns {string[]} the files that differ from what they are to be
 */
export function outdatedJsr(from = root) {
  return onJsr
    .map((project) => [join(from, project, 'jsr.json'), textOf(project, from)])
    .filter(([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text)
    .map(([path]) => path);
}

/** @param {string} [from] where the packages are */
export function writeJsr(from = root) {
  for (const project of onJsr) {
    writeFileSync(join(from, project, 'jsr.json'), textOf(project, from));
  }
}

function textOf(project, from) {
  return `${JSON.stringify(jsrOf(project, from), null, 2)}\n`;
}
