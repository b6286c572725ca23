import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { transform } from '../src/transform.mjs';

test('a source map leads each call back to where it was written', () => {
  const code = `async function f() {\n  try {\n    await first();\n  } finally {\n    for await (const { a } of second()) third(a);\n  }\n}`;
  const made = transform(code, { id: 'app.js' });
  const map = new TraceMap(made?.map as never);
  for (const name of ['first', 'second', 'third']) {
    const before = (made?.code ?? '').split(`${name}(`)[0]?.split('\n') ?? [];
    const position = { line: before.length, column: before.at(-1)?.length ?? 0 };
    const line = code.split(`${name}(`)[0]?.split('\n').length;
    expect(originalPositionFor(map, position)).toMatchObject({ source: 'app.js', line });
  }
});

test('no source map is made if none is wanted', () => {
  expect(transform('x.then(y)', { sourcemap: false })?.map).toBeNull();
});
