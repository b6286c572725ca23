import { importedFrom } from './names.mjs';

/** Removes the imports that are not used any more, and adds those of Ambit. Returns what the wanted names are called. */
export function writeImports(program) {
  if (program.wanted.size === 0) return new Map();
  const gone = program.uses === undefined ? [] : goneNames(program);
  const names = new Map();
  const toImport = new Map();
  for (const [text, { name, from }] of program.wanted) {
    const known = importedFrom(program, from).find(
      (each) => each.imported === name && !each.isType,
    );
    const local = known?.local ?? freeName(program, { name, gone });
    names.set(text, local);
    if (known !== undefined) continue;
    const list = toImport.get(from) ?? [];
    toImport.set(from, [...list, { name, local }]);
  }
  const place = removeImports(program, gone);
  addImports(program, { toImport, place });
  return names;
}

/** The imported names that only moved code has used. */
function goneNames(program) {
  return program.uses.filter(({ binding }) => {
    const all = binding?.referencePaths ?? [];
    return all.length > 0 && all.every((path) => program.done.has(path.node));
  });
}

function freeName(program, { name, gone }) {
  const isTaken = (local) => {
    if (gone.some((each) => each.local === local)) return false;
    return program.root.scope.hasGlobal(local) || takenIn(program).has(local);
  };
  if (!isTaken(name)) return name;
  const isClass = /^[A-Z]/.test(name);
  const other = `${isClass ? 'Ambit' : 'ambit'}${name[0].toUpperCase()}${name.slice(1)}`;
  return isTaken(other) ? `${other}_` : other;
}

/** Every name that any scope of the file binds. */
function takenIn(program) {
  if (program.taken !== undefined) return program.taken;
  const taken = new Set(Object.keys(program.root.scope.bindings));
  program.visit({
    Scope: ({ scope }) => Object.keys(scope.bindings).forEach((key) => taken.add(key)),
  });
  program.taken = taken;
  return taken;
}

/** Returns the place behind the last import that has changed, or undefined. */
function removeImports(program, gone) {
  let place;
  for (const declaration of new Set(gone.map((each) => each.declaration))) {
    const left = importsOf(program, declaration).filter((each) => !gone.includes(each));
    const { node } = declaration;
    if (left.length === 0) {
      program.edits.remove(node.start, endOfLine(program, node.end));
    } else {
      const text = printLeft(program, { declaration, left });
      // A comment of ours may stand before it.
      program.edits.overwrite(node.start, node.end, text, { contentOnly: true });
    }
    place = endOfLine(program, node.end);
  }
  return place;
}

function importsOf(program, declaration) {
  return program.uses.filter((each) => each.declaration === declaration);
}

function endOfLine(program, index) {
  return program.source[index] === '\n' ? index + 1 : index;
}

function printLeft(program, { declaration, left }) {
  const first = left.find((each) => each.imported === 'default')?.local;
  const named = left.filter((each) => each.imported !== 'default').map(printName);
  const parts = [first, named.length > 0 ? `{ ${named.join(', ')} }` : undefined];
  const what = parts.filter((part) => part !== undefined).join(', ');
  const source = program.text(left[0].source);
  const { end } = semicolon(program);
  if (declaration.isImportDeclaration()) return `import ${what} from ${source}${end}`;
  const pairs = left.map((each) => printName(each).replace(' as ', ': '));
  return `const { ${pairs.join(', ')} } = require(${source})${end}`;
}

function printName({ imported, local, isType }) {
  const name = imported === local ? local : `${imported} as ${local}`;
  return isType ? `type ${name}` : name;
}

function addImports(program, { toImport, place }) {
  let text = '';
  for (const [from, list] of toImport) {
    if (!extend(program, { from, list })) text += printImport(program, { from, list });
  }
  if (text === '') return;
  if (place !== undefined) program.edits.appendRight(place, text);
  else program.edits.appendLeft(startOfCode(program), text);
}

/** Adds names to an import that the file already has. */
function extend(program, { from, list }) {
  const [known] = importedFrom(program, from).filter((each) => each.specifier && !each.isType);
  if (known === undefined || known.imported === 'default') return false;
  const asText = known.declaration.isImportDeclaration() ? ' as ' : ': ';
  program.edits.appendLeft(
    known.specifier.end,
    list.map((each) => `, ${pair(each, asText)}`).join(''),
  );
  return true;
}

function printImport(program, { from, list }) {
  const { quote, end } = semicolon(program);
  const source = `${quote}${from}${quote}`;
  const isImport = program.kind === 'import';
  const names = list.map((each) => pair(each, isImport ? ' as ' : ': ')).join(', ');
  if (isImport) return `import { ${names} } from ${source}${end}\n`;
  return `const { ${names} } = require(${source})${end}\n`;
}

function pair({ name, local }, between) {
  return name === local ? name : `${name}${between}${local}`;
}

/** The file's own habits. */
function semicolon(program) {
  const [, quote = "'"] = /(?:from|require\()\s*(['"])/.exec(program.source) ?? [];
  return { quote, end: /;\s*$/m.test(program.source) ? ';' : '' };
}

/** After the imports; without any, after directives and a `#!`. */
function startOfCode(program) {
  const { body, directives, interpreter } = program.ast.program;
  const imports = body.filter((node) => node.type === 'ImportDeclaration');
  const last = imports.at(-1) ?? directives.at(-1) ?? interpreter;
  if (last !== undefined && last !== null) return endOfLine(program, last.end);
  return body[0]?.leadingComments?.[0]?.start ?? body[0]?.start ?? 0;
}
