// docs/after-await.md: the tables of what the runtimes said. And which public calls that wait are missing in the matrix.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/setup.mjs';

const PAGE = join(root, 'docs/after-await.md');
const MADE = /(?<=<!-- made by runtimes\/run\.mjs -->\n)[^]*(?=<!-- end -->)/;
const FOLLOWED = ['calls after an await', 'calls of pages after an await'];
const KNOWN = ['the scope is known after an await'];
const UNFOLLOWED = ['no silent loss without the plugin'];
const BROWSERS = ['Chromium', 'Firefox'];

/**
 * What the tables need has run: one result more, whether the page is as the runtimes said. `node`: the one it shows.
 * `isWriting`: then it becomes so.
 *
 * @param {{ name: string, results: object[] }[]} columns
 */
export function checkPage(columns, { node, isWriting }) {
  const chosen = [node, ...BROWSERS].map((name) => columns.find((column) => column.name === name));
  if (chosen.includes(undefined)) return [];
  const text = readFileSync(PAGE, 'utf8');
  const made = text.replace(MADE, `\n${tables(chosen)}\n`);
  if (isWriting) writeFileSync(PAGE, made);
  const isCurrent = isWriting || withoutPadding(text) === withoutPadding(made);
  return [
    isCurrent
      ? { feature: 'docs', name: 'after-await.md', outcome: 'passed' }
      : failed('docs/after-await.md is out of date: npm run test:runtimes -- --write'),
    ...uncovered(chosen[0]),
  ];
}

const failed = (text) => ({ feature: 'docs', name: 'after-await.md', outcome: 'failed', text });

/** As prettier writes tables. */
const withoutPadding = (text) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');

function tables(chosen) {
  const titles = titlesOf(chosen[0], FOLLOWED);
  const rows = [...new Set(titles.map(doorOf))].flatMap((door) => [
    [`**\`${door}\`**`, '', '', '', '', ''],
    ...titles
      .filter((title) => doorOf(title) === door)
      .map((title) => [
        nameOf(title),
        ...marks(chosen, FOLLOWED, title),
        ...without(chosen, title),
      ]),
  ]);
  const known = titlesOf(chosen[0], KNOWN).map((title) => [title, ...marks(chosen, KNOWN, title)]);
  return [
    counts(chosen),
    table([HEAD, ...rows]),
    '## What code knows of its scope\n',
    table([['what', ...chosen.map(({ name }) => nodeOrName(name))], ...known]),
  ].join('\n');
}

const HEAD = [
  ...['call, after an await', 'Node', ...BROWSERS],
  ...['before the first await', 'after an await', 'after an await, with `{ signal }`'],
];
const PLACES = [...['before the first await', 'after an await'], 'after an await, with a signal'];

const nodeOrName = (name) => name.split(' ')[0];
const doorOf = (title) => title.split(': ')[0];
const nameOf = (title) => title.slice(doorOf(title).length + 2);

function titlesOf({ results }, features) {
  return results.filter(({ feature }) => features.includes(feature)).map(({ name }) => name);
}

function find({ results }, features, title) {
  return results.find(({ feature, name }) => features.includes(feature) && name === title);
}

function marks(chosen, features, title) {
  const words = { passed: 'yes', lacking: '–', failed: '**no**' };
  return chosen.map((column) => words[find(column, features, title).outcome]);
}

/** One word for both browsers, or one for each. */
function without([, ...browsers], title) {
  const seen = browsers.map((browser) => find(browser, UNFOLLOWED, title).detail ?? {});
  return PLACES.map((place) => {
    const words = seen.map((each) => wordOf(each[place]));
    return new Set(words).size === 1
      ? words[0]
      : words.map((word, i) => `${BROWSERS[i]}: ${word}`).join(', ');
  });
}

function wordOf(outcome) {
  if (outcome === undefined) return '–';
  if (outcome === 'cancelled') return 'yes';
  return outcome === 'told' ? 'told' : 'throws';
}

function counts(chosen) {
  const lines = [FOLLOWED, KNOWN].map((features) => {
    const each = chosen.map((column) => {
      const all = titlesOf(column, features).map((title) => find(column, features, title).outcome);
      const asked = all.filter((outcome) => outcome !== 'lacking').length;
      const passed = all.filter((outcome) => outcome === 'passed').length;
      return `${nodeOrName(column.name)}: ${passed} of ${asked}`;
    });
    return `- ${features[0]}: ${each.join(', ')}`;
  });
  return `${lines.join('\n')}\n`;
}

function table([head, ...rows]) {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

/** Each public call that waits is in the matrix, or here with the reason why it is not. */
const LEFT_OUT = {
  'makes what is waited for': /^(?:currentTask|TaskGroup\.spawn)$|\[Symbol\.asyncIterator\]$/,
  'ends something, and nothing cancels that':
    /\b(?:stop|close|return|disposeAsync)$|\[Symbol\.asyncDispose\]$/,
  'waits as what it is of':
    /^(?:Outcome\.(?:catch|finally)|Task\.(?:catch|finally|then)|Resource\.open|AnyScope\.run)$/,
  'not cancelled, which is what it is for': /^shield$/,
  'never waits for others':
    /^(?:WebBroadcast\.publish|WebLock\.(?:tryAcquire|statistics)|late|ready|refusalOf|refused|yieldIfDue)$/,
  'the iterators and functions of these are asked':
    /^(?:TaskIterator|Subscription|CircuitBreaker|Debounced|Memoized|OpenResource|SafeGenerator|CallForOwner)\b/,
};

const DOORS = { core: ['', 'abort', 'actions', 'iter', 'lowlevel', 'web'], sync: ['', 'web'] };

/** By the reports of the public interface. */
function uncovered(node) {
  const titles = titlesOf(node, FOLLOWED);
  return Object.entries(DOORS).flatMap(([project, doors]) =>
    doors.flatMap((door) => {
      const name = ['@ambit', project, door].filter(Boolean).join('/');
      const report = [project, door].filter(Boolean).join('-');
      const text = readFileSync(join(root, `packages/${project}/etc/${report}.api.md`), 'utf8');
      return waitingCalls(text)
        .filter((call) => !Object.values(LEFT_OUT).some((reason) => reason.test(call)))
        .filter((call) => !titles.some((title) => covers(title, `${name}: ${call}`)))
        .map((call) => failed(`${call} of ${name} waits, and is not in runtimes/matrix`));
    }),
  );
}

const covers = (title, call) => title === call || title.startsWith(`${call} (`);

/** Functions and methods that return a promise, a task or an asynchronous iterator. */
function waitingCalls(report) {
  const calls = new Set();
  let owner = '';
  for (const line of report.split('\n')) {
    owner = /^(?:export )?(?:abstract )?(?:class|interface) (\w+)/.exec(line)?.[1] ?? owner;
    if (line === '}') owner = '';
    if (!/\): (?:Promise|Task|Subscription|CompletedTasks|AsyncIterable\w*)<[^=]*;$/.test(line))
      continue;
    const fn = /^export (?:async )?function (\w+)/.exec(line)?.[1];
    const method = /^ {4}(\w+|\[Symbol\.\w+\])(?:<[^(]*>)?\(/.exec(line)?.[1];
    if (fn !== undefined) calls.add(fn);
    else if (method !== undefined && owner !== '')
      calls.add(`${owner.replace(/_\d$/, '')}.${method}`);
  }
  return [...calls];
}
