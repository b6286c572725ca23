import { quote } from '../syntax.mjs';
import { holderOf, useOf } from '../holders.mjs';

/**
 * Moves an object together with everything that uses it, or leaves all of it. `planUse` gets each use and returns a
 * function that edits it, or the reason to leave the object.
 */
export function planObject(program, made, planUse) {
  const holder = holderOf(made);
  if (holder.reason !== undefined) return holder.reason;
  const edits = [];
  for (const path of holder.uses) {
    const use = useOf(path);
    const edit = use.kind === 'escape' ? escape(program, { holder, path }) : planUse(use, path);
    if (typeof edit === 'string') return edit;
    edits.push(edit);
  }
  return { holder, edits };
}

function escape(program, { holder, path }) {
  const where = quote(program, path.parentPath.node);
  return `"${holder.name}" is given away in ${where}, where it is used in the old way`;
}

/** Renames the type at the declaration of a holder, if it is the plain name of the class. */
export function planType(program, { holder, name }) {
  const type = holder.type?.typeAnnotation;
  if (type?.type !== 'TSTypeReference') return () => undefined;
  return () => {
    program.replace(type.typeName, name());
    program.done.add(type.typeName);
  };
}
