import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import ambit from './eslint-plugin/src/index.mjs';

export default defineConfig(
  globalIgnores(['**/dist/', '**/coverage/', '**/node_modules/', 'docs/.vitepress/']),
  eslint.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, ambit.configs.recommended],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['jest.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `let scope = this` begins a walk up a tree; arrow functions made the old reason for the rule go away.
      '@typescript-eslint/no-this-alias': 'off',
      // `(() => void) | void` is the honest type of a callback that may answer with its undo.
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' },
      ],
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    rules: {
      // What foreign code threw, or gave as a reason, is passed on as it is.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allowThrowingUnknown: true, allowThrowingAny: true },
      ],
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingUnknown: true, allowThrowingAny: true },
      ],
      // A barrel is a table of contents: it names what it exports.
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what is exported.' },
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
      ],
    },
  },
  {
    // One place reads time (I7), so that a test can put its own in.
    files: ['packages/core/src/**/*.ts'],
    ignores: ['packages/core/src/event-loop.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance', 'Date'].map((name) => ({
          name,
          message: 'Only event-loop.ts knows the host’s time.',
        })),
      ],
    },
  },
  {
    files: ['**/test/**/*.ts'],
    rules: {
      // Test doubles have bodies of one line, and wrong arguments are what some tests are about.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // Anything can be thrown, and tests throw it.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      // What becomes of such promises, groups and errors is what many tests are about.
      '@ambit/group-needs-join': 'off',
      '@ambit/no-swallowed-cancellation': 'off',
      '@ambit/no-unowned-task': 'off',
    },
  },
  {
    // What others do is measured as they do it, outside any scope.
    files: ['bench/**/*.ts'],
    rules: { '@ambit/no-swallowed-cancellation': 'off', '@ambit/no-unowned-task': 'off' },
  },
  {
    // Shows what comes of it.
    files: ['examples/tutorial/left-behind.ts'],
    rules: { '@ambit/no-unowned-task': 'off' },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: { console: false, process: false, setImmediate: false, setTimeout: false },
    },
  },
  {
    // What every runtime has, and what tells one from the other.
    files: ['runtimes/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          ...['AbortController', 'Bun', 'Event', 'EventTarget', 'addEventListener', 'clearTimeout'],
          ...[
            'fetch',
            'location',
            'performance',
            'TextDecoder',
            'URL',
            'queueMicrotask',
            'removeEventListener',
          ],
        ].map((name) => [name, false]),
      ),
    },
  },
  {
    files: ['**/*.cjs', 'scripts/smoke/*.js'],
    languageOptions: {
      globals: { __dirname: false, exports: false, module: false, require: false },
    },
  },
  {
    files: ['scripts/smoke/*.test.js'],
    languageOptions: { globals: { afterEach: false, expect: false, jest: false, test: false } },
  },
);
