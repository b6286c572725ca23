// The page of `ambit web`. Names come from the program that is looked at: they are set as text, never as HTML.
const at = (id) => document.getElementById(id);

/** How many seconds the curves and strips show. */
const REMEMBERED = 120;
/** Milliseconds without a report until the page says so. */
const PATIENCE = 3500;
const RETRY = 3000;
const DEEPEST = 24;

const curves = new Map();
const strips = new Map();
const rowsById = new Map();
let newest;
let shown;
let heard = performance.now();
let isFrozen = false;
let hasEnded = false;

function element(tag, text, name = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name !== '') made.className = name;
  return made;
}

function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 7_200_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);

// -- What comes in

function connect() {
  const source = new EventSource(`/watch${location.search}`);
  source.onmessage = ({ data }) => {
    newest = JSON.parse(data);
    heard = performance.now();
    remember(newest);
    if (!isFrozen) show();
  };
  source.onerror = async () => {
    source.close();
    // The status says whether there is something to wait for; an EventSource does not tell it.
    const controller = new AbortController();
    const answer = await fetch(`/watch${location.search}`, { signal: controller.signal }).catch(
      () => undefined,
    );
    controller.abort();
    hasEnded = answer === undefined || answer.status === 410;
    tellState();
    if (!hasEnded) setTimeout(connect, answer.ok ? 0 : RETRY);
  };
}

function remember({ utilization, delay, alive, rates, rss, rows }) {
  const values = { busy: utilization, late: delay.max, alive, rates: rates.spawned, memory: rss };
  for (const [name, value] of Object.entries(values)) keep(curves, name, value);
  const seen = new Set();
  for (const row of rows) {
    const key = keyOf(row);
    seen.add(key);
    keep(strips, key, codeOf(row));
  }
  for (const key of strips.keys()) if (!seen.has(key)) strips.delete(key);
}

function keep(lists, name, value) {
  const values = lists.get(name) ?? [];
  values.push(value);
  if (values.length > REMEMBERED) values.shift();
  lists.set(name, values);
}

const keyOf = ({ id, kind, name }) => (id === undefined ? `${kind} ${name}` : String(id));

function codeOf({ urgency, cpu = 0 }) {
  if (urgency >= 2) return 'bad';
  if (cpu >= 0.2) return 'busy';
  return urgency === 1 ? 'held' : 'idle';
}

// -- What is shown

function show() {
  shown = newest;
  if (shown === undefined) return;
  document.title = `${shown.name} – ambit`;
  at('name').textContent = shown.name;
  at('facts').textContent = `pid ${shown.pid}, up ${duration(shown.uptime * 1000)}`;
  showFigures(shown);
  at('findings').replaceChildren(...shown.findings.map(findingOf));
  at('busiest').replaceChildren(
    ...shown.busiest
      .filter(({ share }) => share >= 0.001)
      .map(({ name, tasks, share }) =>
        element('span', `${name}${tasks > 1 ? ` × ${tasks}` : ''} ${percent(share)}`),
      ),
  );
  at('omitted').textContent = shown.omitted > 0 ? `${shown.omitted} tasks are not shown` : '';
  showTree(shown.rows);
  tellState();
}

function showFigures({ utilization, delay, alive, rates, rss }) {
  const ended = rates.fulfilled + rates.rejected + rates.cancelled;
  at('busy').textContent = percent(utilization);
  at('late').textContent = duration(delay.max);
  at('alive').textContent = String(alive);
  at('rates').textContent = `${rates.spawned.toFixed(1)} in, ${ended.toFixed(1)} out`;
  at('rates').title =
    `each second ${rates.fulfilled.toFixed(1)} fulfilled, ${rates.rejected.toFixed(1)} failed, ${rates.cancelled.toFixed(1)} cancelled`;
  at('memory').textContent = `${Math.round(rss / 1e6)} MB`;
  for (const [name, values] of curves) {
    drawCurve(at(`${name}-curve`), values, name === 'busy' ? 1 : Math.max(...values, 1e-9) * 1.1);
  }
}

function drawCurve(canvas, values, most) {
  const { context, width, height } = sized(canvas, canvas.clientWidth, canvas.clientHeight);
  const x = (index) => width - ((values.length - 1 - index) / (REMEMBERED - 1)) * width;
  const y = (value) => height - 1 - (value / most) * (height - 3);
  context.beginPath();
  values.forEach((value, index) => context.lineTo(x(index), y(value)));
  context.strokeStyle = colour('accent');
  context.lineWidth = 1.5;
  context.stroke();
  context.lineTo(width, height);
  context.lineTo(x(0), height);
  context.globalAlpha = 0.15;
  context.fillStyle = colour('accent');
  context.fill();
}

/** A canvas of that size in pixels of CSS, empty, sharp on every screen. */
function sized(canvas, width, height) {
  const ratio = devicePixelRatio;
  canvas.width = Math.max(Math.round(width * ratio), 1);
  canvas.height = Math.max(Math.round(height * ratio), 1);
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  return { context, width, height };
}

function findingOf({ level, label, text }) {
  const line = element('div', '', `finding ${level}`);
  line.append(element('b', label), element('span', text));
  return line;
}

function tellState() {
  const silent = performance.now() - heard;
  const says = (name, text) => {
    at('state').className = name;
    at('state').textContent = text;
  };
  if (hasEnded) says('silent', 'has ended');
  else if (newest === undefined) says('', 'connecting');
  else if (silent > PATIENCE)
    says(
      'silent',
      `no answer for ${duration(silent)}: its event loop is blocked, or it is stopped`,
    );
  else if (isFrozen)
    says('frozen', `frozen ${duration((newest.uptime - shown.uptime) * 1000)} ago`);
  else says('live', 'live');
}

// -- The tree

const byOrder = {
  urgency: (a, b) => b.most - a.most,
  cpu: (a, b) => (b.row.cpu ?? 0) - (a.row.cpu ?? 0),
  age: (a, b) => (b.row.age ?? Infinity) - (a.row.age ?? Infinity),
  name: (a, b) => a.row.name.localeCompare(b.row.name),
  spawned: () => 0,
};

function showTree(rows) {
  const wanted = at('filter').value.toLowerCase();
  const root = { children: [] };
  const path = [root];
  for (const row of rows) {
    const text = `${row.name} ${row.state} ${row.doing}`.toLowerCase();
    const node = { row, children: [], most: row.urgency, isShown: text.includes(wanted) };
    path.length = row.depth + 1;
    path.at(-1).children.push(node);
    for (const around of path.slice(1)) {
      around.most = Math.max(around.most, node.most);
      around.isShown ||= node.isShown;
    }
    path.push(node);
  }
  const lines = [];
  const stack = [...root.children].reverse();
  while (stack.length > 0) {
    const node = stack.pop();
    if (!node.isShown) continue;
    lines.push(lineFor(node.row));
    stack.push(...node.children.sort(byOrder[at('order').value]).reverse());
  }
  const kept = new Set(lines);
  for (const [key, line] of rowsById) if (!kept.has(line)) rowsById.delete(key);
  at('tree').replaceChildren(...lines);
}

/** The line of a row, which is kept for as long as the row is there: what a reader has selected stays selected. */
function lineFor(row) {
  const key = keyOf(row);
  let line = rowsById.get(key);
  if (line === undefined) {
    line = document.createElement('div');
    line.append(...Array.from({ length: 6 }, () => document.createElement('span')));
    line.children[4].className = 'strip';
    rowsById.set(key, line);
  }
  line.className = `row ${row.kind} u${row.urgency}`;
  const [name, state, age, cpu, strip, doing] = line.children;
  name.style.paddingLeft = `${Math.min(row.depth, DEEPEST) * 14}px`;
  put(name, row.name);
  put(state, row.state);
  put(age, row.age === undefined ? '' : duration(row.age));
  put(cpu, row.cpu === undefined || row.cpu < 0.0005 ? '' : percent(row.cpu));
  cpu.className = row.cpu >= 0.3 ? 'hot' : '';
  strip.style.background = stripOf(strips.get(key) ?? []);
  put(doing, row.doing);
  return line;
}

function put(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}

/** The states of the last seconds as stripes of a gradient, the newest on the right. */
function stripOf(codes) {
  const stops = [`transparent ${((REMEMBERED - codes.length) / REMEMBERED) * 100}%`];
  codes.forEach((code, index) => {
    const from = REMEMBERED - codes.length + index;
    stops.push(`var(--${code}) ${(from / REMEMBERED) * 100}% ${((from + 1) / REMEMBERED) * 100}%`);
  });
  return `linear-gradient(90deg, ${stops.join(', ')})`;
}

// -- The record

const LANE = 16;
const MOST_LANES = 500;
let record;
let zoom = 1;

async function recordTrace() {
  const button = at('record');
  button.disabled = true;
  button.textContent = 'recording …';
  try {
    const answer = await fetch(`/trace${location.search}&ms=2000`);
    if (!answer.ok) throw new Error(`the program answers ${answer.status}`);
    const text = await answer.text();
    URL.revokeObjectURL(at('download').href);
    at('download').href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    zoom = 1;
    record = slicesIn(JSON.parse(text).traceEvents);
    at('record-panel').hidden = false;
    at('record-facts').textContent =
      `${record.tasks} tasks and ${record.slices.length - record.tasks} waits in ${duration(record.length / 1000)}`;
    drawRecord();
    at('record-panel').scrollIntoView({ block: 'nearest' });
  } catch (error) {
    at('record-panel').hidden = false;
    at('record-facts').textContent = `cannot be recorded: ${error.message}`;
  } finally {
    button.disabled = false;
    button.textContent = 'Record 2 s';
  }
}

function slicesIn(events) {
  const slices = events.filter(({ ph, tid }) => ph === 'X' && tid <= MOST_LANES);
  const length = Math.max(1, ...slices.map(({ ts, dur }) => ts + dur));
  const lanes = Math.max(1, ...slices.map(({ tid }) => tid));
  const marks = events.filter(({ ph }) => ph === 'i');
  return { slices, marks, length, lanes, tasks: slices.filter(({ cat }) => cat === 'task').length };
}

const outcomes = { fulfilled: 'good', rejected: 'bad', cancelled: 'held', running: 'busy' };

function drawRecord() {
  if (record === undefined) return;
  const room = at('record-scroll').clientWidth;
  const canvas = at('record-lanes');
  // What a browser draws at most.
  const wide = Math.min(room * zoom, 16_000 / devicePixelRatio);
  canvas.style.width = `${wide}px`;
  canvas.style.height = `${record.lanes * LANE}px`;
  const { context, width } = sized(canvas, wide, record.lanes * LANE);
  const x = (us) => (us / record.length) * width;
  // A task is a bar in the colour of its outcome. Where it waits there is only a thin line of it.
  for (const { cat, tid, ts, dur, args } of record.slices) {
    const top = (tid - 1) * LANE;
    const isTask = cat === 'task';
    context.fillStyle = colour(isTask ? outcomes[args.state] : 'card');
    context.globalAlpha = isTask ? 0.7 : 0.85;
    const width = Math.max(x(dur) - 0.5, isTask ? 0.7 : 0);
    context.fillRect(x(ts), top + (isTask ? 1 : 2), width, LANE - (isTask ? 2 : 5));
  }
  context.globalAlpha = 1;
  for (const { cat, tid, ts, dur, name } of record.slices) {
    if (cat === 'task' && x(dur) > 46) {
      nameIn(context, { name, left: x(ts), top: (tid - 1) * LANE, room: x(dur) });
    }
  }
  context.fillStyle = colour('text');
  for (const { tid, ts } of record.marks)
    context.fillRect(x(ts), (Math.max(tid, 1) - 1) * LANE, 1.5, LANE);
}

function nameIn(context, { name, left, top, room }) {
  context.save();
  context.beginPath();
  context.rect(left, top, room - 3, LANE);
  context.clip();
  context.fillStyle = colour('text');
  context.font = '10px system-ui';
  context.fillText(name, left + 3, top + LANE - 4);
  context.restore();
}

function pointAt({ offsetX, offsetY }) {
  if (record === undefined) return;
  const us = (offsetX / at('record-lanes').clientWidth) * record.length;
  const tid = Math.floor(offsetY / LANE) + 1;
  const found = record.slices.filter(
    (each) => each.tid === tid && each.ts <= us && us <= each.ts + each.dur,
  );
  if (found.length === 0) return;
  const parts = found.map(({ name, cat, dur, args }) =>
    `${cat} ${name}, ${args?.state ?? ''} ${duration(dur / 1000)}`.replace(',  ', ', '),
  );
  at('record-hint').textContent = parts.join('; in it ');
}

// -- What the reader does

at('freeze').onclick = () => {
  isFrozen = !isFrozen;
  at('freeze').textContent = isFrozen ? 'Go on' : 'Freeze';
  if (isFrozen) tellState();
  else show();
};
at('filter').oninput = at('order').onchange = () => shown && showTree(shown.rows);
at('record').onclick = () => void recordTrace();
at('closer').onclick = () => {
  zoom = Math.min(zoom * 2, 64);
  drawRecord();
};
at('farther').onclick = () => {
  zoom = Math.max(zoom / 2, 1);
  drawRecord();
};
at('record-lanes').onpointermove = pointAt;
at('record-lanes').onpointerdown = pointAt;
addEventListener('resize', drawRecord);
setInterval(tellState, 500);
connect();
