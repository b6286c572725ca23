import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { answersOf } from '../src/type-ahead/ask.mjs';
import { further, required } from '../src/type-ahead/questions.mjs';

jest.setTimeout(120_000);

test('each of the six programs does all that is required, and the page is current', async () => {
  const report = join(__dirname, '../type-ahead.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [report, '--check']);
  expect(stdout.trim()).toBe('');
});

interface Field extends EventTarget {
  readonly value: string;
}
interface Page {
  readonly input: Field;
  readonly search: (query: string) => Promise<unknown>;
  readonly show: (state: object) => void;
}

test('a program that only asks and shows is found out', async () => {
  const careless = ({ input, search, show }: Page): (() => void) => {
    input.addEventListener('input', () => {
      search(input.value).then(
        (results) => {
          show({ results });
        },
        (error: unknown) => {
          show({ error });
        },
      );
    });
    return () => undefined;
  };
  const answers = (await answersOf(careless)) as Record<string, boolean>;
  const all = [...required, ...further].map(({ question }) => [question, false]);
  expect(answers).toEqual(Object.fromEntries(all));
});
