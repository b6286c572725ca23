// `for await`, and `for (using … of …)`.
import { isUsing } from './syntax.mjs';
import { usingIn } from './using.mjs';

export function loopOf(rewrite, node, within) {
  const { left, body } = node;
  if (node.await ? !isSimple(left) : isUsing(left)) {
    restructured(rewrite, node, within);
    return;
  }
  rewrite.visit(left, within);
  source(rewrite, node, within);
  if (!node.await) rewrite.visit(body, within);
  else if (body.type === 'BlockStatement') {
    rewrite.insert(body.start + 1, rewrite.caught);
    rewrite.visit(body, within);
  } else {
    rewrite.insert(body.start, `{${rewrite.caught}`);
    rewrite.visit(body, within);
    rewrite.insert(body.end, ' }');
  }
}

/** What is bound calls nothing. */
function isSimple(left) {
  if (left.type === 'Identifier') return true;
  if (left.type !== 'VariableDeclaration' || isUsing(left)) return false;
  return left.declarations[0].id.type === 'Identifier';
}

function source(rewrite, { right, await: isAsync }, within) {
  const { door, call } = rewrite.names;
  if (isAsync) rewrite.insert(right.start, `${door}.iterate(${call}, `);
  rewrite.visit(right, within);
  if (isAsync) rewrite.insert(right.end, ')');
}

/**
 * `for await (PATTERN of SOURCE) BODY` as `for await (const $item of SOURCE) { caught; PATTERN = $item; BODY }`: what a pattern's
 * defaults call is called in the frame, and does not see what the body declares.
 */
function restructured(rewrite, node, within) {
  const { left, right, body } = node;
  const { text, names } = rewrite;
  const isOfUsing = isUsing(left);
  const using = isOfUsing ? usingIn(rewrite, [left]) : { head: '', end: '' };
  const isExpression = left.type !== 'VariableDeclaration';
  rewrite.insert(left.start, `const ${names.item}`);
  const begin = `) {${node.await ? rewrite.caught : ' '}${using.head}${isExpression ? '(' : ''}`;
  text.appendRight(left.start, begin);
  let value = names.item;
  if (isOfUsing) {
    const kind = left.kind === 'using' ? 'sync' : 'async';
    text.update(left.start, left.declarations[0].start, 'const ');
    value = `${names.door}.use(${names.used}, ${value}, '${kind}')`;
  } else rewrite.visit(left, within);
  text.update(right.end, body.start, ` = ${value}${isExpression ? ')' : ''}; `);
  source(rewrite, node, within);
  text.move(left.end, right.end, left.start);
  rewrite.visit(body, within);
  rewrite.insert(body.end, `${using.end} }`);
}
