/**
 * The names that a file has from a module, by `import` or by `const … = require(…)`: what the module calls it, what the
 * file calls it, its binding, and its declaration. A whole module as one object is called `*`.
 */
export function importedFrom(program, module) {
  return program.root.get('body').flatMap((statement) => {
    if (statement.isImportDeclaration() && statement.node.source.value === module) {
      return statement.node.specifiers.map((specifier) => ofSpecifier(statement, specifier));
    }
    return statement.isVariableDeclaration() ? ofRequire(statement, module) : [];
  });
}

function ofSpecifier(declaration, specifier) {
  const { name: local } = specifier.local;
  const { imported } = specifier;
  return {
    imported: importedName(specifier, imported),
    local,
    isType: declaration.node.importKind === 'type' || specifier.importKind === 'type',
    binding: declaration.scope.getBinding(local),
    source: declaration.node.source,
    ...{ declaration, specifier },
  };
}

function importedName(specifier, imported) {
  if (specifier.type === 'ImportDefaultSpecifier') return 'default';
  if (specifier.type === 'ImportNamespaceSpecifier') return '*';
  return imported.name ?? imported.value;
}

function ofRequire(declaration, module) {
  if (declaration.node.declarations.length !== 1) return [];
  const [{ id, init }] = declaration.node.declarations;
  const { call, member } = requireCall(init);
  if (call?.arguments[0]?.value !== module) return [];
  const common = { declaration, source: call.arguments[0], isType: false };
  const bindingOf = (local) => declaration.scope.getBinding(local);
  if (id.type === 'Identifier') {
    const imported = member ?? 'default';
    return [{ ...common, imported, local: id.name, binding: bindingOf(id.name) }];
  }
  if (id.type !== 'ObjectPattern') return [];
  return id.properties.flatMap((specifier) => {
    if (specifier.type !== 'ObjectProperty' || specifier.value.type !== 'Identifier') return [];
    const local = specifier.value.name;
    return [
      { ...common, imported: specifier.key.name, local, binding: bindingOf(local), specifier },
    ];
  });
}

function requireCall(init) {
  const isCall = (node) => node?.type === 'CallExpression' && node.callee.name === 'require';
  if (isCall(init)) return { call: init };
  if (init?.type === 'MemberExpression' && isCall(init.object)) {
    return { call: init.object, member: init.property.name };
  }
  return {};
}
