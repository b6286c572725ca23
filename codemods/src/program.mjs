import { parse } from '@babel/parser';
import traverseModule from '@babel/traverse';
import MagicString from 'magic-string';
import { writeImports } from './imports.mjs';
import { placeOfComment } from './places.mjs';

// A CommonJS module, which Node gives as a whole.
const traverse = traverseModule.default ?? traverseModule;

/** How each comment of ours begins. */
const mark = 'ambit-codemods: left, because';

/** One file while one rule works on it: what it imports, what the rule has moved, and what it has left. */
export class Program {
  constructor(source, path) {
    this.source = source;
    this.edits = new MagicString(source);
    this.isTyped = /\.[cm]?tsx?$/.test(path);
    this.moved = [];
    this.left = [];
    /** References to imported names that the moved code does not need any more. */
    this.done = new Set();
    /** New names, by the text that is in their place until their final names are known. */
    this.wanted = new Map();
    this.ast = parse(source, { sourceType: 'unambiguous', plugins: pluginsOf(path) });
    this.kind = moduleKind(this.ast, { source, path });
    traverse(this.ast, {
      Program: (found) => {
        this.root = found;
        found.stop();
      },
    });
  }

  visit(visitors) {
    this.root.traverse(visitors);
  }

  text(node) {
    return this.source.slice(node.start, node.end);
  }

  /** Replaces a node. Nothing else may be edited inside of it. */
  replace(node, text) {
    this.edits.overwrite(node.start, node.end, text);
  }

  /** Returns the text to write for a public name of Ambit, and has it imported. */
  name(name, from) {
    const text = `__ambit_${name}__`;
    this.wanted.set(text, { name, from });
    return text;
  }

  noteMoved(node) {
    this.moved.push({ line: node.loc.start.line });
  }

  leave(path, reason) {
    const { start, line, comments } = placeOfComment(path);
    const text = `${mark} ${reason}`;
    const place = { line, reason };
    if (this.left.some((other) => other.line === line && other.reason === reason)) return;
    this.left.push(place);
    if (comments.some((comment) => comment.value.trim() === text)) return;
    const [indent] = /[^\n]*$/.exec(this.source.slice(0, start));
    const blank = /^\s*/.exec(indent)[0];
    this.edits.appendRight(start, `// ${text}\n${blank}`);
  }

  /** Returns the code with everything that was moved, and with the imports that it needs now. */
  finish() {
    const names = writeImports(this);
    let code = this.edits.toString();
    for (const [text, name] of names) code = code.replaceAll(text, name);
    return code;
  }
}

function pluginsOf(path) {
  const common = ['decorators-legacy', 'explicitResourceManagement', 'importAttributes'];
  if (/\.[cm]?ts$/.test(path)) return ['typescript', ...common];
  if (/\.tsx$/.test(path)) return ['typescript', 'jsx', ...common];
  return ['jsx', ...common];
}

/** `import`, `require`, or undefined where neither is used and the name of the file does not tell. */
function moduleKind(ast, { source, path }) {
  const isModule = ast.program.body.some((node) => /^(Import|Export)/.test(node.type));
  if (isModule || /\.m[jt]s$/.test(path)) return 'import';
  const isCommon = /\.c[jt]s$/.test(path) || /\brequire\(|\bmodule\.exports\b/.test(source);
  return isCommon ? 'require' : undefined;
}
