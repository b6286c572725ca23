import { isBetaSymbol } from '../types.mjs';

/**
 * @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node
 * @typedef {import('@typescript-eslint/utils').TSESTree.StringLiteral} StringLiteral
 */

/** The doors that may still change in a minor release; `scripts/doors.mjs` has them too, and a test compares the two. */
export const BETA_DOORS = new Set([
  '@ambit/core/actions',
  '@ambit/core/ambient',
  '@ambit/core/inspect',
  '@ambit/core/react',
  '@ambit/core/svelte',
  '@ambit/core/vue',
  '@ambit/core/web',
  '@ambit/io/express',
  '@ambit/io/fastify',
  '@ambit/io/inspect',
  '@ambit/io/otel',
  '@ambit/io/pg',
  '@ambit/io/postgres-js',
  '@ambit/io/redis',
  '@ambit/io/testing',
  '@ambit/sync/lease',
  '@ambit/sync/postgres',
  '@ambit/sync/redis',
  '@ambit/sync/web',
]);

/** @type {import('@typescript-eslint/utils').TSESLint.RuleModule<string>} */
export const noBeta = {
  meta: {
    type: 'suggestion',
    docs: {
      description: 'Disallow doors and names of Ambit that may still change in a minor release',
    },
    schema: [],
    messages: {
      door: '{{ door }} is beta: it may change in a minor release. Give the exact version in package.json, and read the changelog before an update.',
      name: '{{ name }} of {{ door }} is beta: it may change in a minor release. Give the exact version in package.json, and read the changelog before an update.',
    },
  },
  defaultOptions: [],
  create(context) {
    const { sourceCode } = context;

    /**
     * @param {Node | null | undefined} source
     * @param {readonly { specifier: Node, name: Node }[]} [names]
     */
    function check(source, names = []) {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
      const door = source.value;
      if (BETA_DOORS.has(door)) {
        context.report({ node: source, messageId: 'door', data: { door } });
        return;
      }
      if (!door.startsWith('@ambit/')) return;
      for (const { specifier, name } of names) {
        if (!isBetaSymbol(name, sourceCode)) continue;
        const data = { door, name: sourceCode.getText(name) };
        context.report({ node: specifier, messageId: 'name', data });
      }
    }

    return {
      ImportDeclaration({ source, specifiers }) {
        const named = specifiers.filter((each) => each.type === 'ImportSpecifier');
        check(
          source,
          named.map((specifier) => ({ specifier, name: specifier.imported })),
        );
      },
      ExportNamedDeclaration({ source, specifiers }) {
        check(
          source,
          specifiers.map((specifier) => ({ specifier, name: specifier.local })),
        );
      },
      ExportAllDeclaration: ({ source }) => check(source),
      ImportExpression: ({ source }) => check(source),
      'CallExpression[callee.name="require"]'(/** @type {any} */ { arguments: [source] }) {
        check(source);
      },
    };
  },
};
