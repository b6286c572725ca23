import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder = '';

/** A folder for each test, of the platform's own making. Called at the top of a suite. */
export function useFolder(): { path: (...names: string[]) => string } {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'io-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return { path: (...names) => join(folder, ...names) };
}
