/**
 * What the rules ask the type checker, where the configuration has one (`parserOptions.projectService`).
 *
 * @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node
 * @typedef {import('@typescript-eslint/utils').TSESLint.SourceCode} SourceCode
 * @typedef {import('typescript').Type} Type
 * @typedef {import('typescript').TypeChecker} TypeChecker
 */

/** TypeFlags.Any | TypeFlags.Unknown: without an import of TypeScript, which is there only with types. */
const ANY_OR_UNKNOWN = 1 | 2;

/**
 * The type of an expression; undefined without type information, and where it is any or unknown, which tells nothing.
 *
 * @param {Node} node
 * @param {SourceCode} sourceCode
 * @returns {Type | undefined}
 */
export function typeOf(node, sourceCode) {
  const services = sourceCode.parserServices;
  if (!services?.program) return undefined;
  const type = /** @type {any} */ (services).getTypeAtLocation(node);
  return type.flags & ANY_OR_UNKNOWN ? undefined : type;
}

/**
 * Is it, or may it be, a promise: the built-in one or a class that extends it?
 *
 * @param {Type} type
 * @param {SourceCode} sourceCode
 * @returns {boolean}
 */
export function isPromise(type, sourceCode) {
  if (type.isUnionOrIntersection()) return type.types.some((part) => isPromise(part, sourceCode));
  if (type.getSymbol()?.name === 'Promise') return true;
  return type.isClass() && (type.getBaseTypes() ?? []).some((base) => isPromise(base, sourceCode));
}

/**
 * Has it, or may it have, a `then` to call?
 *
 * @param {Type} type
 * @param {SourceCode} sourceCode
 * @returns {boolean}
 */
export function isThenable(type, sourceCode) {
  const checker = checkerOf(sourceCode);
  const apparent = checker.getApparentType(type);
  if (apparent.isUnion()) return apparent.types.some((part) => isThenable(part, sourceCode));
  const then = apparent.getProperty('then');
  return then !== undefined && checker.getTypeOfSymbol(then).getCallSignatures().length > 0;
}

/**
 * Has it all of these properties? Types are known by their shape: two copies of a package have two symbols.
 *
 * @param {Type} type
 * @param {...string} names
 */
export const hasAll = (type, ...names) =>
  names.every((name) => type.getProperty(name) !== undefined);

/** SymbolFlags.Alias. */
const ALIAS = 1 << 21;

/**
 * Is what an import or export names marked `@beta` where it is declared? False without type information.
 *
 * @param {Node} name
 * @param {SourceCode} sourceCode
 * @returns {boolean}
 */
export function isBetaSymbol(name, sourceCode) {
  const services = /** @type {any} */ (sourceCode.parserServices);
  if (!services?.program) return false;
  const checker = checkerOf(sourceCode);
  const symbol = services.getSymbolAtLocation(name);
  const declared = symbol && symbol.flags & ALIAS ? checker.getAliasedSymbol(symbol) : symbol;
  const tags = declared?.getJsDocTags(checker) ?? [];
  return tags.some((/** @type {{ name: string }} */ tag) => tag.name === 'beta');
}

/**
 * @param {SourceCode} sourceCode
 * @returns {TypeChecker}
 */
function checkerOf(sourceCode) {
  return /** @type {any} */ (sourceCode.parserServices).program.getTypeChecker();
}
