/**
 * Finds the constant or the private field that an expression initialises, with everything that uses it. Where other files
 * can reach it, or where it can become another value, the answer is a reason to leave it.
 */
export function holderOf(path) {
  const { parentPath } = path;
  if (parentPath.isVariableDeclarator() && path.key === 'init') return ofVariable(parentPath);
  if (parentPath.isClassProperty() || parentPath.isClassPrivateProperty())
    return ofField(parentPath);
  return { reason: 'it is not kept in a constant or a private field of this file' };
}

function ofVariable(declarator) {
  const { id } = declarator.node;
  if (id.type !== 'Identifier') return { reason: 'it is taken apart where it is made' };
  const binding = declarator.scope.getBinding(id.name);
  if (!binding?.constant) return { reason: `"${id.name}" is assigned again` };
  if (declarator.parentPath.parentPath.isExportNamedDeclaration()) {
    return { reason: `"${id.name}" is exported, and other files use it in the old way` };
  }
  return { name: id.name, type: id.typeAnnotation, uses: binding.referencePaths };
}

function ofField(field) {
  const { key, accessibility, typeAnnotation } = field.node;
  const isHash = field.isClassPrivateProperty();
  const name = isHash ? key.id.name : key.name;
  const isPrivate = isHash || accessibility === 'private' || /^_/.test(name ?? '');
  if (name === undefined || !isPrivate || field.node.static) {
    return { reason: 'the field is not private, and other files can use it' };
  }
  const uses = [];
  const all = { name, isHash, uses };
  field.parentPath.traverse({
    MemberExpression: (path) => noteUse(path, all),
    ObjectPattern: (path) => {
      if (path.node.properties.some((each) => each.key?.name === name)) uses.push(path);
    },
  });
  return { name: `this.${isHash ? '#' : ''}${name}`, type: typeAnnotation, uses };
}

function noteUse(path, { name, isHash, uses }) {
  const { property, computed } = path.node;
  const found = isHash ? property.id?.name : property.name;
  if (!computed && found === name && (property.type === 'PrivateName') === isHash) uses.push(path);
}

/** Tells how an object is used: called, by a method or a property, or given away. */
export function useOf(path) {
  const { parentPath } = path;
  if (parentPath.isCallExpression() && path.key === 'callee')
    return { kind: 'call', call: parentPath };
  const isMember = parentPath.isMemberExpression() && path.key === 'object';
  if (!isMember || parentPath.node.computed) return { kind: 'escape' };
  const { name } = parentPath.node.property;
  const outer = parentPath.parentPath;
  const common = { name, member: parentPath };
  if (outer.isCallExpression() && parentPath.key === 'callee') {
    return { ...common, kind: 'method', call: outer };
  }
  return { ...common, kind: 'property' };
}
