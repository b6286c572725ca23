// npm run samples: writes the programs of examples/ into the pages of docs/ that show them, so that they can be read in the
// repository as well. A page names a region of a file in a comment, and the block after it is that region:
//
//   <!-- examples/guides/lock.ts#lock -->
//
//   ```ts
//   …
//   ```
//
// `--check` writes nothing, and fails if a page is out of date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { root } from './setup.mjs';

const NAMED = /^<!-- (examples\/[\w/.-]+)#([\w-]+) -->(?:\n\n```(?:ts|py)\n[^]*?^```$)?/gm;

/** @param {string} page its text @returns {string} the same with the programs as they are now */
function withSamples(page) {
  return page.replaceAll(NAMED, (_, file, region) => {
    const language = extname(file).slice(1);
    return `<!-- ${file}#${region} -->\n\n\`\`\`${language}\n${regionOf(file, region)}\`\`\``;
  });
}

/** @param {string} file @param {string} region @returns {string} its lines */
function regionOf(file, region) {
  const text = readFileSync(join(root, file), 'utf8');
  const [, lines] =
    new RegExp(`^(?:// #|# )region ${region}\\n([^]*?)^(?:// #|# )endregion ${region}$`, 'm').exec(
      text,
    ) ?? [];
  if (lines === undefined) throw new Error(`${file} has no region ${region}`);
  return lines;
}

const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter(
    (path) => path.endsWith('.md') && !/(^|\/)(node_modules|reference|\.vitepress)\//.test(path),
  )
  .map((path) => join('docs', path));
const isCheck = process.argv.includes('--check');

for (const page of pages.sort()) {
  const before = readFileSync(join(root, page), 'utf8');
  const after = withSamples(before);
  if (after === before) continue;
  console.log(isCheck ? `${page} is out of date: npm run samples` : `${page} is up to date now`);
  if (isCheck) process.exitCode = 1;
  else writeFileSync(join(root, page), after);
}
