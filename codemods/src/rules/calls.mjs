/**
 * Goes through every use of a name that a file imports. `plan` gets each call and returns a function that edits it, or the
 * reason to leave it. Other uses of the name are left.
 */
export function eachCall(program, imported, plan) {
  for (const use of program.uses.filter((each) => imported.includes(each.imported))) {
    for (const path of use.binding?.referencePaths ?? []) {
      const { parentPath: call } = path;
      const isCall = call.isCallExpression() || call.isNewExpression();
      if (!isCall || path.key !== 'callee') {
        if (!isInType(path)) program.leave(path, `"${use.local}" is used as a value`);
        continue;
      }
      const result = plan(call, path);
      if (typeof result === 'string') {
        program.leave(call, result);
        continue;
      }
      result();
      program.done.add(path.node);
      program.noteMoved(call.node);
    }
  }
}

/** Whether a name is used by nothing but calls that pass a test. */
export function everyCall(program, imported, test) {
  const uses = program.uses.filter((each) => imported.includes(each.imported));
  const paths = uses.flatMap(({ binding }) => binding?.referencePaths ?? []);
  return paths.every((path) => path.parentPath.isCallExpression() && test(path.parentPath));
}

/** Leaves what a file imports from the package except the names that a rule knows. */
export function leaveOthers(program, known) {
  for (const { imported, local, declaration } of program.uses) {
    if (known.includes(imported)) continue;
    const what = imported === '*' ? 'the whole module is' : `"${local}" is`;
    program.leave(declaration, `${what} imported, for which there is no rule`);
  }
}

function isInType(path) {
  return /^TS(Type|Expression|Qualified)/.test(path.parentPath.node.type);
}
