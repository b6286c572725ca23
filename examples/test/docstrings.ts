import ts from 'typescript';

// What a docstring has to say, as far as a program can tell. What editors show, and the reference is made of, is the contract:
// what it does, parameters with units, what it returns, when it waits, what ends the wait, which errors, an example.

export interface Complaint {
  /** `@ambit/core timeout: …`, or `@ambit/core Task.join: …`. */
  readonly name: string;
  readonly lacks: string;
}

/** Everything that a door exports and does not explain. */
export function complaintsAbout(program: ts.Program, entry: string, door: string): Complaint[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${entry} is no module`);
  const exported = checker.getExportsOfModule(module).map((symbol) => ({
    name: symbol.name,
    symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  }));
  return exported.flatMap(({ name, symbol }) =>
    new Inspector(checker).exported(symbol).map(([member, lacks]) => ({
      name: `${door} ${name}${member}`,
      lacks,
    })),
  );
}

type Finding = readonly [member: string, lacks: string];

/** Nobody writes docstrings for these: the platform has said what they are. */
const known = new Set([
  'then',
  'catch',
  'finally',
  'toString',
  'name',
  'message',
  'stack',
  'cause',
]);

class Inspector {
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  exported(symbol: ts.Symbol): Finding[] {
    const [declaration] = symbol.declarations ?? [];
    if (declaration === undefined) return [['', 'a declaration']];
    const doc = docOf(symbol.declarations ?? []);
    if (doc.text === '') return [['', 'a docstring']];
    if (ts.isFunctionDeclaration(declaration))
      return [...this.#callable('', symbol, doc), ...example(doc)];
    if (ts.isClassDeclaration(declaration)) {
      // Of an abstract class there is nothing to make: the examples are those of the classes that extend it.
      const isAbstract = (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Abstract) > 0;
      const isMade = !isAbstract && !this.#isError(symbol);
      return [...this.#members(symbol), ...(isMade ? example(doc) : [])];
    }
    if (ts.isInterfaceDeclaration(declaration)) return this.#members(symbol);
    return [];
  }

  #isError(symbol: ts.Symbol): boolean {
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol);
    return this.#checker.getPropertyOfType(type, 'stack') !== undefined;
  }

  /** Those that are ours, inherited ones too, without what is internal or private. */
  #members(symbol: ts.Symbol): Finding[] {
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol);
    return this.#checker.getPropertiesOfType(type).flatMap((member) => {
      const declarations = member.declarations ?? [];
      const isOurs = declarations.some((each) => isOwnSource(each) && isPublic(each));
      const name = readableName(member);
      if (!isOurs || known.has(name) || name.startsWith('_') || name.startsWith('[')) return [];
      const doc = docOf(declarations);
      if (doc.text === '') {
        // As editors do: what is implemented, or overridden, explains it.
        const inherited = member.getDocumentationComment(this.#checker);
        return inherited.length > 0 ? [] : [[`.${name}`, 'a docstring'] as const];
      }
      return this.#callable(`.${name}`, member, doc);
    });
  }

  #callable(name: string, symbol: ts.Symbol, doc: Doc): Finding[] {
    const [declaration] = symbol.declarations ?? [];
    if (declaration === undefined) return [];
    const type = this.#checker.getTypeOfSymbolAtLocation(symbol, declaration);
    const signatures = type.getCallSignatures();
    const findings: Finding[] = [];
    if (signatures.length === 0) return isTime(symbol.name, type) ? inMs(name, doc.text) : [];
    // Of a callback among options its own line says enough.
    if (symbol.flags & ts.SymbolFlags.Property) return [];
    // Overloads share their docstring, which goes by the names of the first.
    const [signature] = signatures;
    for (const parameter of signature?.parameters ?? []) {
      findings.push(...this.#parameter(name, parameter, doc));
    }
    const result = signature && this.#checker.typeToString(signature.getReturnType());
    if (result !== undefined) findings.push(...outcome(name, result, doc));
    return findings;
  }

  #parameter(where: string, parameter: ts.Symbol, doc: Doc): Finding[] {
    const [declaration] = parameter.declarations ?? [];
    if (declaration === undefined) return [];
    const type = this.#checker.getNonNullableType(
      this.#checker.getTypeOfSymbolAtLocation(parameter, declaration),
    );
    const text = doc.parameters.get(parameter.name);
    const isInText = new RegExp(`\\b${parameter.name}\\b`, 'i').test(doc.text);
    const isFunction = type.getCallSignatures().length > 0;
    const isCalled = isFunction && /\b(function|calls?|called|body|generator)\b/i.test(doc.text);
    // One that is taken apart in the signature has no name of its own.
    const isUnnamed = parameter.name.startsWith('__') && doc.parameters.size > 0;
    if (text === undefined && !isInText && !isCalled && !isUnnamed && !this.#saysItself(type)) {
      return [[where, `the parameter ${parameter.name}`]];
    }
    return isTime(parameter.name, type) ? inMs(where, `${text ?? ''} ${doc.text}`) : [];
  }

  /** Options whose members are explained where they are declared. */
  #saysItself(type: ts.Type): boolean {
    const members = this.#checker.getPropertiesOfType(type);
    return (
      members.length > 0 &&
      members.every(({ declarations }) => declarations?.some(isOwnSource)) &&
      type.getCallSignatures().length === 0 &&
      members.every((member) => docOf(member.declarations ?? []).text !== '')
    );
  }
}

interface Doc {
  /** Without its `@param`s and `@example`s. */
  readonly text: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly returns: string;
  readonly throws: string;
  readonly hasExample: boolean;
}

function docOf(declarations: readonly ts.Declaration[]): Doc {
  const nodes = declarations.map((each) =>
    ts.isVariableDeclaration(each) ? each.parent.parent : each,
  );
  const comments = nodes.flatMap((node) => ts.getJSDocCommentsAndTags(node)).filter(ts.isJSDoc);
  const tags = comments.flatMap((comment) => comment.tags ?? []);
  const textOf = (name: string): string =>
    tags
      .filter(({ tagName }) => tagName.text === name)
      .map((tag) => ts.getTextOfJSDocComment(tag.comment) ?? '')
      .join(' ')
      .trim();
  const text = comments.map((comment) => ts.getTextOfJSDocComment(comment.comment) ?? '').join(' ');
  const parameters = tags
    .filter(ts.isJSDocParameterTag)
    .map((tag) => [tag.name.getText(), ts.getTextOfJSDocComment(tag.comment) ?? ''] as const);
  return {
    text: text.trim() || (tags.length > 0 ? `${textOf('returns')} ${textOf('throws')}`.trim() : ''),
    parameters: new Map(parameters.filter(([, about]) => about !== '')),
    returns: textOf('returns'),
    throws: textOf('throws'),
    hasExample: textOf('example') !== '',
  };
}

/** What comes of a call: its value, and, if it waits, what ends the wait and how it fails. */
function outcome(name: string, result: string, { text, returns, throws }: Doc): Finding[] {
  const findings: Finding[] = [];
  const isNothing = /^(void|Promise<void>|never|Promise<never>|this|undefined)$/.test(result);
  const isSaid =
    /^(An?|The|What|How|Whether|True|Those|All|Everything|Who)\b|\b([Rr]eturns?|gives?|[Mm]akes?|answers?)\b/;
  if (!isNothing && returns === '' && !isSaid.test(text)) findings.push([name, 'what it returns']);
  if (!/^Promise</.test(result)) return findings;
  const all = `${text} ${returns} ${throws}`;
  if (!/wait|checkpoint|until|ends|once\b/i.test(all)) findings.push([name, 'when it waits']);
  const saysErrors =
    throws !== '' || /never rejects|nothing cancels|shielded|as \S+ does|The same as/i.test(all);
  if (!saysErrors) findings.push([name, 'how it fails, and what ends the wait']);
  return findings;
}

function example(doc: Doc): Finding[] {
  return doc.hasExample ? [] : [['', 'an example']];
}

function isTime(name: string, type: ts.Type): boolean {
  const isNumber = (type.flags & ts.TypeFlags.NumberLike) !== 0 || type.isUnion();
  const isNamedSo =
    /^(ms|instant|deadline|timeout|grace|delay|maxDelay|stagger|ttl|per|within|age|\w+(Ms|Time|Grace|Age))$/;
  return isNumber && isNamedSo.test(name);
}

function inMs(name: string, text: string): Finding[] {
  return /millisecond|instant|\bms\b/i.test(text) ? [] : [[name, 'the unit of a time']];
}

function isOwnSource(node: ts.Node): boolean {
  return !node.getSourceFile().isDeclarationFile;
}

function isPublic(declaration: ts.Declaration): boolean {
  const modifiers = ts.getCombinedModifierFlags(declaration);
  if (modifiers & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) return false;
  return !ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal');
}

/** Of a member by a well-known symbol: `[asyncDispose]`. */
function readableName({ name, declarations }: ts.Symbol): string {
  const [declaration] = declarations ?? [];
  const node = declaration && ts.getNameOfDeclaration(declaration);
  if (node && (ts.isPrivateIdentifier(node) || ts.isComputedPropertyName(node))) return '[hidden]';
  return name;
}
