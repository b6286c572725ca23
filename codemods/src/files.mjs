import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const skipped = new Set(['node_modules', 'dist', 'build', 'coverage']);

/** The source files below the paths, in order. A file that is named itself is always taken. */
export function sourceFiles(paths) {
  const missing = [];
  const files = paths.flatMap((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) missing.push(path);
    if (found?.isDirectory()) return filesIn(path);
    return found === undefined ? [] : [path];
  });
  return { files: [...new Set(files)], missing };
}

function filesIn(directory) {
  const entries = readdirSync(directory, { withFileTypes: true });
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        return skipped.has(entry.name) || entry.name.startsWith('.') ? [] : filesIn(path);
      }
      return entry.isFile() && isSource(entry.name) ? [path] : [];
    });
}

function isSource(name) {
  return /\.[cm]?[jt]sx?$/.test(name) && !/\.d\.[cm]?ts$/.test(name) && !/\.min\.js$/.test(name);
}
