/** Where a comment about a node stands: before its statement, or before its member of a class. */
export function placeOfComment(path) {
  const whole = path.findParent(isPlace) ?? path;
  const owner = isExport(whole.parentPath) ? whole.parentPath : whole;
  const { node } = owner;
  const comments = [...(node.leadingComments ?? []), ...(whole.node.leadingComments ?? [])];
  const first = node.decorators?.[0]?.start ?? node.start;
  return { start: Math.min(first, node.start), line: path.node.loc.start.line, comments };
}

function isPlace(path) {
  if (path.isClassProperty() || path.isClassPrivateProperty() || path.isClassMethod()) return true;
  if (!path.isStatement() || path.isBlockStatement()) return false;
  return path.inList && path.parentPath !== null;
}

function isExport(path) {
  return path !== null && (path.isExportNamedDeclaration() || path.isExportDefaultDeclaration());
}
