import type { TaskTreeNode } from '@ambit/core';
import { findingsOf } from '../../src/command/findings.ts';
import { keysIn } from '../../src/command/keys.ts';
import { coloured, uncoloured } from '../../src/command/paint.ts';
import { rowsOf } from '../../src/command/rows.ts';
import type { Order } from '../../src/command/rows.ts';
import { draw } from '../../src/command/screen.ts';
import { fit, sparkline, widthOf, wrap } from '../../src/command/text.ts';
import { TopState } from '../../src/command/top-state.ts';
import type { Report } from '../../src/inspect/vital-signs.ts';

function node(name: string, more: Partial<TaskTreeNode> = {}): TaskTreeNode {
  return { kind: 'task', name, state: 'running', age: 10, waitsFor: [], children: [], ...more };
}

const HELD = 'lock "till" (held by "Kant")';

const tree = node('run', {
  kind: 'run',
  children: [
    node('calm', { id: 1, age: 500, waitsFor: ['sleep 20 ms'] }),
    node('order', { id: 2, age: 90, waitsFor: [HELD], count: 7 }),
    node('late', { id: 3, age: 70, overdue: 4500 }),
    node('Plato', { id: 4, age: 60, waitsFor: ['lock "left" (held by "Kant")'] }),
    node('busy', { id: 5, age: 20 }),
  ],
});

function reportOf(more: Partial<Report> = {}): Report {
  return {
    now: 0,
    counts: { spawned: 100, fulfilled: 90, rejected: 2, cancelled: 1 },
    tree,
    runs: [tree],
    deadlocks: [],
    omitted: 0,
    pid: 4711,
    name: 'shop',
    uptime: 10,
    rss: 50e6,
    utilization: 0.5,
    delay: { mean: 1, max: 3 },
    since: 1000,
    cpu: { 1: 5, 5: 740 },
    busiest: [{ name: 'busy', tasks: 1, ms: 740 }],
    ...more,
  };
}

function screenOf(state: TopState, size = { columns: 100, rows: 20 }, now = 0): readonly string[] {
  const view = state.view(now);
  return view === undefined ? [] : draw(view, size, uncoloured).lines;
}

function stateWith(report = reportOf()): TopState {
  const state = new TopState(1000);
  state.take(report, 0);
  return state;
}

const page = { page: 5, last: 20 };

describe('findings', () => {
  test('a calm program has none', () => {
    expect(findingsOf(reportOf({ tree: node('run', { kind: 'run' }) }))).toEqual([]);
  });

  test('the worst come first, each with what the task waits for', () => {
    const stuck = node('stubborn', { cancelledFor: 3000, waitsFor: ['the server'] });
    const found = findingsOf(
      reportOf({
        tree: { ...tree, children: [...tree.children, stuck] },
        deadlocks: ['"Plato" waits for a, and "Kant" waits for b'],
        delay: { mean: 1, max: 312 },
      }),
    );
    expect(found.map(({ label, text }) => `${label}: ${text}`)).toEqual([
      'DEADLOCK: "Plato" waits for a, and "Kant" waits for b',
      'STUCK: task "stubborn" was cancelled 3.0 s ago and still runs; it waits for the server',
      'OVERDUE: task "late" ignores its deadline, which passed 4.5 s ago; what it waits for is no wait of Ambit: code that takes no signal, or that computes',
      `CROWD: 7 tasks wait for ${HELD}`,
      'LATE: the event loop was late by 312 ms; task "busy" took 74 % of the time',
    ]);
  });

  test('only the innermost of what is overdue is told of, and cleanup of less than a second is no fault', () => {
    const inner = node('inner', { overdue: 100 });
    const outer = node('outer', { kind: 'group', overdue: 100, children: [inner] });
    const cleaning = node('cleaning', { cancelledFor: 900 });
    const found = findingsOf(reportOf({ tree: node('run', { children: [outer, cleaning] }) }));
    expect(found.map(({ text }) => text.split(';')[0])).toEqual([
      'task "inner" ignores its deadline, which passed 100 ms ago',
    ]);
  });
});

describe('rows', () => {
  const namesBy = (order: Order, filter = ''): string[] =>
    rowsOf(reportOf({ deadlocks: ['"Plato" waits for x, which "Kant" has to end'] }), {
      order,
      filter,
    })
      .slice(1)
      .map(({ name }) => name);

  test('siblings are sorted by what the user has chosen', () => {
    expect(namesBy('urgency')).toEqual(['Plato', 'late', 'order × 7', 'calm', 'busy']);
    expect(namesBy('cpu')).toEqual(['busy', 'calm', 'order × 7', 'late', 'Plato']);
    expect(namesBy('age')).toEqual(['calm', 'order × 7', 'late', 'Plato', 'busy']);
    expect(namesBy('name')).toEqual(['busy', 'calm', 'late', 'order × 7', 'Plato']);
    expect(namesBy('spawned')).toEqual(['calm', 'order × 7', 'late', 'Plato', 'busy']);
  });

  test('a filter keeps what matches by name or wait, with what is around it', () => {
    expect(namesBy('spawned', 'TILL')).toEqual(['order × 7']);
    const deep = node('a', { children: [node('b', { children: [node('c')] }), node('d')] });
    const rows = rowsOf(reportOf({ tree: deep }), { order: 'spawned', filter: 'c' });
    expect(rows.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('a group has the processor time of all in it', () => {
    const inside = node('g', {
      kind: 'group',
      children: [node('x', { id: 1 }), node('y', { id: 5 })],
    });
    const [group] = rowsOf(reportOf({ tree: inside }), { order: 'spawned', filter: '' });
    expect(group?.cpu).toBeCloseTo(0.745);
  });

  test('a tree that is deeper than the stack is drawn, and not indented without end', () => {
    let deep = node('leaf');
    for (let at = 0; at < 20_000; at += 1) deep = node('n', { children: [deep] });
    const rows = rowsOf(reportOf({ tree: deep }), { order: 'urgency', filter: 'leaf' });
    expect(rows).toHaveLength(20_001);
    expect(rows.at(-1)?.lead.length).toBeLessThan(100);
  });
});

describe('the screen', () => {
  test('fills the terminal, and no line is wider than it', () => {
    for (const columns of [20, 40, 60, 80, 120, 200]) {
      const lines = screenOf(stateWith(), { columns, rows: 24 });
      expect(lines).toHaveLength(24);
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    }
  });

  test('says first what is wrong, and which task waits for which', () => {
    const text = screenOf(stateWith()).join('\n');
    expect(text).toMatch(/^shop {2}pid 4711 {2}up 10\.0 s .*● live\n/);
    expect(text).toMatch(/\n OVERDUE {4}task "late" ignores its deadline/);
    expect(text).toMatch(/order × 7 +running +90 ms +lock "till" \(held by "Kant"\)/);
    expect(text).toMatch(/busy +running +20 ms +74\.0 %/);
  });

  test('has rates once there are two reports', () => {
    const state = stateWith();
    const counts = { spawned: 150, fulfilled: 110, rejected: 2, cancelled: 1 };
    state.take(reportOf({ uptime: 12, counts }), 2000);
    expect(screenOf(state).join('\n')).toContain('25.0 spawned, 10.0 ended, 0 failed');
  });

  test('has no escape sequence of a name, also in colours', () => {
    const evil = node('\u001b[2Jgone\u202e', { id: 9, waitsFor: ['\u001b]0;title\u0007'] });
    const report = reportOf({
      tree: node('run', { kind: 'run', children: [evil] }),
      name: '\u001bc',
      deadlocks: ['"\u001b[2J" waits'],
      busiest: [{ name: '\u001b[5m', tasks: 2, ms: 10 }],
    });
    const view = stateWith(report).view(0)!;
    const { lines } = draw(view, { columns: 100, rows: 20 }, coloured);
    // eslint-disable-next-line no-control-regex
    expect(lines.join('\n').replaceAll(/\u001b\[[\d;]*m/g, '')).not.toMatch(/[\u001b\u0007\u202e]/);
  });

  test('says when the program does not answer', () => {
    expect(screenOf(stateWith(), undefined, 3400).join('\n')).not.toContain('NO ANSWER');
    const text = screenOf(stateWith(), undefined, 8000).join('\n');
    expect(text).toMatch(/no answer for 8\.0 s/);
    expect(text).toMatch(/`ambit\s+attach 4711`/);
  });
});

describe('keys', () => {
  test('are read from what a terminal sends, also several at once', () => {
    expect(keysIn('s\u001b[A\u001b[6~\u001b[200~é\u0003')).toEqual([
      { text: 's' },
      'up',
      'page-down',
      { text: 'é' },
      'interrupt',
    ]);
    expect(keysIn('\u001b')).toEqual(['escape']);
    expect(keysIn('\u0001')).toEqual([]);
  });

  test('s sorts, / filters, space freezes, q quits', () => {
    const state = stateWith();
    for (const key of keysIn('s/til\u007fll\r')) expect(state.press(key, page)).toBe('draw');
    expect(state.view(0)).toMatchObject({ order: 'cpu', filter: 'till', isTyping: false });
    state.press('escape', page);
    expect(state.view(0)?.filter).toBe('');
    state.press({ text: '/' }, page);
    expect(screenOf(state).at(-1)).toContain('filter: ▏');
    for (const key of keysIn('q')) expect(state.press(key, page)).toBe('draw');
    state.press('escape', page);
    expect(state.press({ text: 'q' }, page)).toBe('quit');
    expect(state.press('interrupt', page)).toBe('quit');
    expect(state.press('suspend', page)).toBe('suspend');
  });

  test('what is frozen stays, and goes on with the newest report', () => {
    const state = stateWith();
    state.press({ text: ' ' }, page);
    state.take(reportOf({ uptime: 11 }), 1000);
    state.take(reportOf({ uptime: 12 }), 2000);
    expect(state.view(2000)).toMatchObject({ report: { uptime: 10 }, frozenFor: 2000 });
    expect(screenOf(state, undefined, 2000)[0]).toContain('frozen 2.0 s ago');
    state.press({ text: ' ' }, page);
    expect(state.view(2000)).toMatchObject({ report: { uptime: 12 }, frozenFor: undefined });
  });

  test('arrows scroll, within what there is', () => {
    const state = stateWith();
    const after = (...keys: Parameters<TopState['press']>[0][]): number | undefined => {
      for (const key of keys) state.press(key, page);
      return state.view(0)?.scroll;
    };
    expect(after('up')).toBe(0);
    expect(after('down', 'down')).toBe(2);
    expect(after('page-down')).toBe(7);
    expect(after('end', 'down')).toBe(20);
    expect(after('page-up')).toBe(15);
    expect(after('home')).toBe(0);
    expect(after({ text: 'j' }, { text: 'j' }, { text: 'k' })).toBe(1);
  });
});

describe('text', () => {
  test('is fitted by the columns that it takes', () => {
    expect(widthOf('注文 é👍')).toBe(8);
    expect(fit('注文の品', 5)).toBe('注文…');
    expect(fit('注文の品', 4)).toBe('注… ');
    expect(fit('ab', 4, 'right')).toBe('  ab');
    expect(fit('ab', 0)).toBe('');
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('a-word-too-long b', 6)).toEqual(['a-wor…', 'b']);
    expect(sparkline([0, 0.5, 1, 9], 6, 1)).toBe('  ▁▅██');
    expect(sparkline([0, 0], 2, 0)).toBe('▁▁');
  });
});
