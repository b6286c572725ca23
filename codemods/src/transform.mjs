import { Program } from './program.mjs';
import { importedFrom } from './names.mjs';
import { rules } from './rules/index.mjs';

/** The names of the rules, in the order in which they are applied. */
export const ruleNames = Object.keys(rules);

/**
 * Moves the code of one file to Ambit.
 *
 * @param {string} source the text of the file
 * @param {{ path?: string, only?: readonly string[] }} [options] its name, whose ending tells the language, and the rules
 * @returns {{ code: string, moved: Site[], left: Left[] }}
 * @throws {SyntaxError} if `source` cannot be parsed
 *
 * @typedef {{ rule: string, line: number }} Site
 * @typedef {Site & { reason: string }} Left
 */
export function transform(source, { path = 'input.mjs', only = ruleNames } = {}) {
  const moved = [];
  const left = [];
  let code = source;
  for (const name of ruleNames.filter((each) => only.includes(each))) {
    const { mentions, module, apply } = rules[name];
    if (!code.includes(mentions)) continue;
    const program = new Program(code, path);
    if (module !== undefined) program.uses = importedFrom(program, module);
    apply(program);
    code = program.finish();
    moved.push(...program.moved.map((site) => ({ rule: name, ...site })));
    left.push(...program.left.map((site) => ({ rule: name, ...site })));
  }
  return { code, moved, left };
}
