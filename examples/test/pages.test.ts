import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');

function pagesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (/^(node_modules|dist|reference|\.vitepress|\.git|test|coverage)$/.test(entry.name))
      return [];
    if (entry.isDirectory()) return pagesIn(path);
    return /(?<!CHANGELOG|benchmarks)\.md$/.test(entry.name) ? [path] : [];
  });
}

const pages = pagesIn('.');
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

test('docs/guides/index.md lists every guide', () => {
  const index = textOf('docs/guides/index.md');
  const listed = [...index.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, file]) => file);
  const guides = readdirSync(join(root, 'docs/guides')).filter((file) => file.endsWith('.md'));
  expect([...listed, 'index.md'].sort()).toEqual(guides.sort());
});

const SOURCE =
  /`((?:packages|examples|bench|docs|scripts|runtimes|eslint-plugin|codemods|conformance)\/[\w./-]+\.(?:[cm]?[jt]s|md|svg|json))`/g;

test('every source file that a page names is there', () => {
  const named = pages.flatMap((page) =>
    [...textOf(page).matchAll(SOURCE)].map(([, file = '']) => ({ page, file })),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ file }) => !existsSync(join(root, file)))).toEqual([]);
});

test('every relative link of a page leads to a file', () => {
  const links = pages.flatMap((page) =>
    [
      ...textOf(page)
        .replaceAll(/^```[^]*?^```$|`[^`\n]*`/gm, '')
        .matchAll(/\]\(([^)\s#]+)/g),
    ]
      .map(([, link = '']) => ({ page, link }))
      .filter(({ link }) => !/^(\w+:|\/)/.test(link)),
  );
  expect(links.length).toBeGreaterThan(100);
  const dead = links.filter(({ page, link }) => !existsSync(join(root, dirname(page), link)));
  expect(dead).toEqual([]);
});

test('ARCHITECTURE.md names files of each room that are there', () => {
  const text = textOf('ARCHITECTURE.md');
  const rooms = [...text.matchAll(/^- `([a-z-]+)\/` ([^]*?)(?=\n- |\n\n)/gm)];
  const named = rooms.flatMap(([, room = '', line = '']) =>
    [...line.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, file = '']) => ({ room, file })),
  );
  expect(named.length).toBeGreaterThan(10);
  const missing = named.filter(
    ({ room, file }) =>
      !['core', 'sync', 'io'].some((name) =>
        existsSync(join(root, 'packages', name, 'src', room, `${file}.ts`)),
      ),
  );
  expect(missing).toEqual([]);
});

test.each(['core', 'sync', 'io'])(
  'ARCHITECTURE.md has each room of %s, and its tests have no other',
  (name) => {
    const roomsIn = (part: string): string[] =>
      readdirSync(join(root, 'packages', name, part), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name);
    const rooms = roomsIn('src');
    const text = textOf('ARCHITECTURE.md');
    expect(rooms.filter((room) => !text.includes(`\n- \`${room}/\` `))).toEqual([]);
    const shared = ['support', 'fixtures', 'contracts'];
    const further = roomsIn('test').filter((room) => ![...rooms, ...shared].includes(room));
    expect(further).toEqual([]);
  },
);

test('no page, comment or message has a turn of phrase that is hard to read', () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['scripts/words.mjs'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
});

/** The functions that a door exports, each with the first word of its docstring. */
function firstWordsIn(door: string): string[] {
  const exported = readFileSync(join(root, door), 'utf8').matchAll(
    /^export \{([^}]*)\} from '\.\/([^']*)'/gm,
  );
  return [...exported].flatMap(([, names = '', file = '']) => {
    const source = readFileSync(join(root, dirname(door), file), 'utf8');
    return names.split(',').flatMap((each) => {
      const [name = ''] = each.trim().split(' as ');
      const docs = new RegExp(
        `/\\*\\*\\s+(?:\\* )?(\\S+)(?:(?!\\*/)[^])*\\*/\\n(?://.*\\n)*export (?:async )?function\\*? ${name}\\b`,
      ).exec(source);
      return docs?.[1] === undefined ? [] : [`${name}: ${docs[1]}`];
    });
  });
}

test('the docstring of each public function begins with a verb', () => {
  // What unplugin-ambit writes into programs is not for people to call.
  const doors = ['core', 'sync', 'io'].flatMap((name) =>
    readdirSync(join(root, 'packages', name, 'src'))
      .filter((file) => file.endsWith('.ts') && file !== 'ambient.ts')
      .map((file) => `packages/${name}/src/${file}`),
  );
  const words = doors.flatMap(firstWordsIn);
  expect(words.length).toBeGreaterThan(100);
  expect(words.filter((word) => !/: (?!This|Its)[A-Z][a-z]+s$/.test(word))).toEqual([]);
});
