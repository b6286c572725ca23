// The same type-ahead in six ways, asked the same questions, counted and weighed.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { answersOf } from './ask.mjs';

const TITLES = {
  ambit: 'Ambit',
  rxjs: 'RxJS',
  'tanstack-query': 'TanStack Query',
  'abort-controller-x': 'abort-controller-x',
  effection: 'Effection',
  'abort-controller': 'AbortController alone',
};

/** The columns of the table, the answers to all questions in each. */
export async function columns() {
  const made = [];
  for (const [name, title] of Object.entries(TITLES)) {
    const url = new URL(`programs/${name}.mjs`, import.meta.url);
    const { typeAhead } = await import(url);
    const [lines, size] = [await linesOf(url), await sizeOf(url)];
    made.push({ title, answers: await answersOf(typeAhead), lines, size });
  }
  return made;
}

/** Lines with something on them, as prettier writes them. */
async function linesOf(url) {
  const text = await readFile(url, 'utf8');
  return text.split('\n').filter((line) => line.trim() !== '').length;
}

/** Bytes: bundled for browsers as for production, minified, compressed by gzip -9. */
async function sizeOf(url) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(url)],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['production'],
    // Effection asks for the process where there is one.
    external: ['node:*'],
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}
