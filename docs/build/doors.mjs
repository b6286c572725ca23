import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const order = ['core', 'sync', 'io'];

/** The doors of all packages, from their own export maps: core before what is built on it. */
export function doorsOf(root) {
  const names = readdirSync(join(root, 'packages'));
  names.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const folders = names.map((name) => join(root, 'packages', name));
  return folders.flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const [, short] = manifest.name.split('/');
    return Object.entries(manifest.exports)
      .filter(([, target]) => typeof target === 'object')
      .map(([door, target]) => ({
        name: `${manifest.name}${door.slice(1)}`,
        page: `${short}${door.slice(1).replaceAll('/', '-')}`,
        entry: join(folder, target.types.import.replace('./dist/', './build/')),
      }));
  });
}

/** What a door exports, in its own order, which is the one to learn it in. */
export function exportedBy(entry) {
  const lists = readFileSync(entry, 'utf8').matchAll(/^export (?:type )?\{([^}]*)\}/gm);
  return [...lists].flatMap(([, list]) =>
    list.split(',').map((name) => name.trim().split(' as ').pop()),
  );
}
