import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as ts from 'typescript';
import { ruleNames, transform } from '../src/transform.mjs';

const programs = join(__dirname, 'programs');
const names = readdirSync(programs).sort();
const read = (directory: string, name: string) =>
  readFileSync(join(__dirname, directory, name), 'utf8');

/** What a program prints. It is given by stdin's way, so that packages are found as from here. */
async function output(code: string, name: string): Promise<string> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  });
  const isCommon = name.endsWith('.cjs');
  const args = [`--input-type=${isCommon ? 'commonjs' : 'module'}`, '--eval'];
  const runnable = name.endsWith('.ts') ? outputText : code;
  const { stdout } = await promisify(execFile)(process.execPath, [...args, runnable], {
    cwd: join(__dirname, '..'),
  });
  return stdout;
}

test('there is a program for each rule', () => {
  expect(names.map((name) => name.replace(/\.\w+$/, ''))).toEqual(
    expect.arrayContaining(ruleNames),
  );
});

test.each(names)('%s becomes the program that is written down', (name) => {
  expect(transform(read('programs', name), { path: name }).code).toBe(read('moved', name));
});

test.each(names)('%s is not changed by a second run', (name) => {
  const moved = read('moved', name);
  const again = transform(moved, { path: name });
  expect(again.code).toBe(moved);
  expect(again.moved).toEqual([]);
});

test.each(names)('%s gives the same results before and after', async (name) => {
  const [before, after] = await Promise.all([
    output(read('programs', name), name),
    output(read('moved', name), name),
  ]);
  expect(before).not.toBe('');
  expect(after).toBe(before);
});
