import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { complaintsAbout } from './docstrings.ts';

const root = resolve(__dirname, '../..');

interface Exports {
  readonly name: string;
  readonly exports: Record<string, string | { readonly '@ambit/source': string }>;
}

/** `[['@ambit/core', '…/packages/core/src/index.ts'], …]` */
const doors = readdirSync(join(root, 'packages')).flatMap((folder) => {
  const path = join(root, 'packages', folder);
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Exports;
  return Object.entries(manifest.exports).flatMap(([door, target]) =>
    typeof target === 'string'
      ? []
      : [[`${manifest.name}${door.slice(1)}`, join(path, target['@ambit/source'])] as const],
  );
});

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  customConditions: ['@ambit/source'],
  allowImportingTsExtensions: true,
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
};

jest.setTimeout(120_000);

let program: ts.Program;
beforeAll(() => {
  program = ts.createProgram(
    doors.map(([, entry]) => entry),
    options,
  );
});

test('there are thirty doors', () => {
  expect(doors.length).toBe(30);
});

// That door is for the code that unplugin-ambit writes: its names are no API, and its file explains them.
const called = doors.filter(([door]) => door !== '@ambit/core/ambient');

test.each(called)('every public name of %s is explained', (door, entry) => {
  const complaints = complaintsAbout(program, entry, door);
  expect(complaints.map(({ name, lacks }) => `${name} lacks ${lacks}`)).toEqual([]);
});

describe('what a docstring must say', () => {
  const whole = `/**
 * Waits for a door to open. A checkpoint.
 *
 * @param place - which one
 * @param ms - milliseconds
 * @returns its key
 * @throws (rejects) the ambient scope's CancelledError
 * @example
 * await waitForDoor(front, 100);
 */
export async function waitForDoor(place: object, ms: number): Promise<string> {
  return String([place, ms]);
}
/** A door. */
export interface Door {
  /** Its number. */
  readonly number: number;
}
`;
  const without: readonly (readonly [text: RegExp, complaint: string])[] = [
    [/^/, ''],
    [/\/\*\*\n[^]*? \*\/\n/, 'waitForDoor lacks a docstring'],
    [/ \* @param place.*\n/, 'waitForDoor lacks the parameter place'],
    [/ - milliseconds/, 'waitForDoor lacks the parameter ms'],
    [/milliseconds/, 'waitForDoor lacks the unit of a time'],
    [/ \* @returns.*\n/, 'waitForDoor lacks what it returns'],
    [/Waits for a door to open. A checkpoint./, 'waitForDoor lacks when it waits'],
    [/ \* @throws.*\n/, 'waitForDoor lacks how it fails, and what ends the wait'],
    [/ \* @example\n.*\n/, 'waitForDoor lacks an example'],
    [/\/\*\* A door. \*\/\n/, 'Door lacks a docstring'],
    [/ {2}\/\*\* Its number. \*\/\n/, 'Door.number lacks a docstring'],
  ];
  let folder: string;
  let all: ts.Program;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'docstrings-'));
    const texts = without.map(([text, complaint]) =>
      whole.replace(
        text,
        complaint.endsWith('waits') ? 'A door.' : complaint.endsWith('time') ? 'long' : '',
      ),
    );
    const files = texts.map((_, index) => join(folder, `${index}.ts`));
    await Promise.all(files.map((file, index) => writeFile(file, texts[index]!)));
    all = ts.createProgram(files, options);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(without.map(([, complaint], index) => [complaint || 'nothing', index] as const))(
    'taken away: %s',
    (complaint, index) => {
      const entry = join(folder, `${index}.ts`);
      const found = complaintsAbout(all, entry, '').map(
        ({ name, lacks }) => `${name} lacks ${lacks}`,
      );
      expect(found.map((text) => text.trim())).toEqual(complaint === 'nothing' ? [] : [complaint]);
    },
  );
});
