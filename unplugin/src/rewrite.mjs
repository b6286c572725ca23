// async function f() { … await x … }
//   becomes async function f() { const $call = $ambit.open(); try { … $ambit.back($call, await $ambit.leave($call, x)) … } finally { $ambit.close($call); } }
// Everything is inserted by appendLeft, in the order of the source: at one place, ends come before starts, and outer starts first.
import { callbacksOf } from './callbacks.mjs';
import { loopOf } from './loops.mjs';
import {
  childrenOf,
  directivesOf,
  isForAwait,
  isFunction,
  isUsing,
  unlabelled,
  varNames,
} from './syntax.mjs';
import { lowerUsing, usingIn } from './using.mjs';

export class Rewrite {
  isChanged = false;

  constructor(text, names, waits) {
    this.text = text;
    this.names = names;
    this.waits = waits;
    const { door, call } = names;
    this.caught = ` ${door}.caught(${call}); `;
  }

  /** `within`: the async function around the node, if it waits anywhere. */
  visit(node, within) {
    if (isFunction(node)) this.#function(node);
    else if (within !== undefined && this.waits.has(node)) this.#waiting(node, within);
    else this.plain(node, within);
  }

  children(node, within) {
    for (const child of childrenOf(node)) this.visit(child, within);
  }

  /** Inserts at a place, after what was inserted there before. */
  insert(index, text) {
    this.isChanged = true;
    this.text.appendLeft(index, text);
  }

  /** `$ambit.name($call, …)` around a part of the source. */
  around(node, name, inner) {
    this.insert(node.start, `${this.names.door}.${name}(${this.names.call}, `);
    inner();
    this.insert(node.end, ')');
  }

  plain(node, within) {
    const callbacks = node.type === 'CallExpression' ? callbacksOf(node) : undefined;
    if (callbacks === undefined) {
      this.children(node, within);
      return;
    }
    this.visit(node.callee, within);
    for (const argument of node.arguments) {
      const name = callbacks(argument);
      if (name !== undefined) this.insert(argument.start, `${this.names.door}.${name}(`);
      this.visit(argument, within);
      if (name !== undefined) this.insert(argument.end, ')');
    }
  }

  #waiting(node, within) {
    const own = WAITING[node.type];
    if (own === undefined) this.plain(node, within);
    else own(this, node, within);
  }

  #function(node) {
    const { body } = node;
    for (const child of childrenOf(node)) if (child !== body) this.visit(child, undefined);
    if (!node.async || !this.waits.has(node)) {
      this.visit(body, undefined);
      return;
    }
    const { door, call, open } = this.names;
    const head = `const ${call} = ${door}.${open}(); try {`;
    const end = `} finally { ${door}.close(${call}); }`;
    if (body.type === 'BlockStatement') this.#body(node, head, end);
    else {
      this.insert(body.start, `{ ${head} return `);
      this.visit(body, node);
      this.insert(body.end, `; ${end} }`);
    }
  }

  #body(node, head, end) {
    const { body } = node;
    const last = directivesOf(body.body).at(-1);
    const start = last?.end ?? body.start + 1;
    this.insert(start, `${last === undefined ? ' ' : '; '}${head} `);
    this.#redeclared(body, start);
    this.statements(body, node, start);
    this.insert(body.end - 1, end);
  }

  /** In a block, unlike in a body, two functions or a function and a `var` cannot have one name. */
  #redeclared(body, start) {
    const functions = body.body.filter(({ type }) => type === 'FunctionDeclaration');
    if (functions.length === 0) return;
    const vars = new Set();
    for (const statement of body.body) varNames(statement, vars);
    const count = (name) => functions.filter(({ id }) => id.name === name).length;
    for (const node of functions.filter(({ id }) => vars.has(id.name) || count(id.name) > 1)) {
      this.text.appendRight(node.start, `var ${node.id.name} = `);
      this.text.appendLeft(node.end, ';');
      if (start < node.start) this.text.move(node.start, node.end, start);
    }
  }

  /** The statements of a block, with its `using` declarations, if it has any, as a `try` of their own. */
  statements(block, within, start = block.start + 1) {
    const using = usingIn(this, block.body);
    if (using !== undefined) this.insert(start, using.head);
    for (const statement of block.body) {
      if (using !== undefined && isUsing(statement)) lowerUsing(this, statement, within);
      else this.visit(statement, within);
    }
    if (using !== undefined) this.insert(block.end - 1, using.end);
  }

  /** A statement in a `try`, after which the frame is back however it ends. */
  guarded(node, inner) {
    this.insert(node.start, 'try { ');
    inner();
    this.insert(node.end, ` } finally {${this.caught}}`);
  }
}

const WAITING = {
  AwaitExpression: (rewrite, node, within) =>
    rewrite.around(node, 'back', () => {
      const { door, call } = rewrite.names;
      rewrite.insert(node.start + 'await'.length, ` ${door}.leave(${call},`);
      rewrite.visit(node.argument, within);
      rewrite.insert(node.argument.end, ')');
    }),

  YieldExpression: (rewrite, node, within) =>
    rewrite.around(node, node.delegate ? 'over' : 'resume', () => yielded(rewrite, node, within)),

  // What an async generator returns is awaited before its `finally`.
  ReturnStatement: (rewrite, node, within) => {
    if (!within.generator) {
      rewrite.children(node, within);
      return;
    }
    const { door, call } = rewrite.names;
    rewrite.insert(node.start + 'return'.length, ` ${door}.quit(${call},`);
    rewrite.visit(node.argument, within);
    rewrite.insert(node.argument.end, ')');
  },

  BlockStatement: (rewrite, node, within) => rewrite.statements(node, within),

  TryStatement: (rewrite, node, within) => {
    const { block, handler, finalizer } = node;
    rewrite.visit(block, within);
    if (handler !== null) handled(rewrite, { handler, within, waits: rewrite.waits.has(block) });
    if (finalizer === null) return;
    const waits = rewrite.waits.has(block) || (handler !== null && rewrite.waits.has(handler));
    if (waits) rewrite.insert(finalizer.start + 1, rewrite.caught);
    rewrite.visit(finalizer, within);
  },

  LabeledStatement: loop,
  ForOfStatement: loop,
  ForStatement: loop,
};

/** A loop, perhaps with labels: they must stay on it, so what goes around it goes around them. */
function loop(rewrite, node, within) {
  const inner = unlabelled(node);
  if (isForAwait(inner)) rewrite.guarded(node, () => loopOf(rewrite, inner, within));
  else if (inner.type === 'ForOfStatement') loopOf(rewrite, inner, within);
  else if (inner.type === 'ForStatement' && isUsing(inner.init)) {
    const using = usingIn(rewrite, [inner.init]);
    rewrite.insert(node.start, `{ ${using.head}`);
    lowerUsing(rewrite, inner.init, within);
    for (const child of childrenOf(inner)) if (child !== inner.init) rewrite.visit(child, within);
    rewrite.insert(node.end, `${using.end} }`);
  } else if (inner === node) rewrite.children(node, within);
  else rewrite.visit(inner, within);
}

function yielded(rewrite, node, within) {
  const { door, call } = rewrite.names;
  if (node.argument === null) {
    rewrite.insert(node.end, ` ${door}.pause(${call})`);
    return;
  }
  const name = node.delegate ? 'delegate' : 'pause';
  const at = node.delegate ? node.argument.start : node.start + 'yield'.length;
  rewrite.insert(at, ` ${door}.${name}(${call},`);
  rewrite.visit(node.argument, within);
  rewrite.insert(node.argument.end, ')');
}

/** What a pattern's defaults call is called in the frame as well, and they do not see what the body declares. */
function handled(rewrite, { handler, within, waits }) {
  const { param, body } = handler;
  const isSimple = param === null || param.type === 'Identifier';
  if (!waits || isSimple) {
    if (param !== null) rewrite.visit(param, within);
    if (waits) rewrite.insert(body.start + 1, rewrite.caught);
    rewrite.visit(body, within);
    return;
  }
  const name = rewrite.names.caught;
  rewrite.insert(param.start, `${name}) {${rewrite.caught}let `);
  rewrite.visit(param, within);
  rewrite.text.update(param.end, body.start, ` = ${name}; `);
  rewrite.visit(body, within);
  rewrite.insert(body.end, ' }');
}
