import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import ambit from './eslint-plugin/src/index.mjs';

const everywhere = [
  // A barrel is a table of contents: it names what it exports.
  { selector: 'ExportAllDeclaration', message: 'Name what is exported.' },
  { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
  {
    selector:
      'AssignmentExpression[left.object.property.name="prototype"][left.property.name="name"]',
    message: 'Define the name: an assignment throws where Error.prototype is frozen.',
  },
];

const inSources = [
  {
    // `close(true)` says nothing at the call. A setter has no other way.
    selector:
      ':not(MethodDefinition[kind="set"]) > :function > .params > TSTypeAnnotation > TSBooleanKeyword, :function > AssignmentPattern.params > Literal[raw=/^(?:true|false)$/]',
    message: 'Take a name instead of a boolean: close("busy"), or an object with it.',
  },
];

export default defineConfig(
  globalIgnores([
    '**/dist/',
    'packages/*/build/',
    '**/coverage/',
    '**/node_modules/',
    'docs/.vitepress/',
    // What the codemods are tried on, and what they make of it.
    'codemods/test/programs/',
    'codemods/test/moved/',
    // Sources of apps, for compilers of frameworks.
    'unplugin/test/fixtures/apps/',
  ]),
  eslint.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, ambit.configs.recommended],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['jest.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // Our own tests, examples and pages use all that there is.
      '@ambit/no-beta': 'off',
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
    // A listener performs an action, and React leaves alone what it returns.
    files: ['**/*.tsx'],
    rules: {
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { attributes: false } },
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
      'no-restricted-syntax': ['error', ...everywhere, ...inSources],
      // A file, a function and a call that are taken in at one look. Comments count: they are read too.
      'max-lines': ['error', 250],
      'max-lines-per-function': ['error', 30],
      'max-params': ['error', 3],
    },
  },
  {
    // A check says where, which argument, what was given and the bounds, in the same order in all packages.
    files: ['packages/*/src/**/check.ts', 'packages/sync/src/lease/arguments.ts'],
    rules: { 'max-params': ['error', 5] },
  },
  {
    // One place suspends (I7): a bare promise is not in the tree, not named in a deadlock, and nothing cuts it short.
    files: ['packages/*/src/**/*.ts'],
    ignores: [
      'packages/*/src/waiting/**',
      // Waits for the loop only, which nothing can cancel or block.
      'packages/core/src/loop/runtime.ts',
      // Only bounds a promise that is waited for in any case.
      'packages/core/src/scope/grace-clock.ts',
      // The process is dying, and nobody waits there as a task.
      'packages/core/src/platform/process-events.ts',
      // The test's own clock and time limit stand outside of what is tested.
      'packages/core/src/testing/trial.ts',
      'packages/core/src/testing/virtual-loop.ts',
      // Only ends a race with a wait that is in the tree.
      'packages/io/src/files/interruptible.ts',
      // Inside the worker thread, where there is no run.
      'packages/io/src/threads/worker-thread.ts',
    ],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...everywhere,
        ...inSources,
        {
          selector: 'NewExpression[callee.name="Promise"]',
          message: 'Wait with park(), so that the wait is in the tree and can be cancelled.',
        },
      ],
    },
  },
  {
    // One place reads time (I7), so that a test can put its own in.
    files: ['packages/core/src/**/*.ts'],
    ignores: ['packages/core/src/loop/event-loop.ts', 'packages/core/src/loop/wall-clock.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance', 'Date'].map((name) => ({
          name,
          message: 'Only event-loop.ts and wall-clock.ts know the host’s time.',
        })),
      ],
    },
  },
  {
    // They take longer to load than all of ours: node.ts loads each where it is first used.
    files: ['packages/io/src/**/*.ts'],
    ignores: ['packages/io/src/threads/worker-main.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '^node:(child_process|crypto|dgram|dns|fs|https?|http2|net|stream(/web)?|tls|worker_threads)$',
              allowTypeImports: true,
              message: 'It delays the start of every program: use node.ts.',
            },
          ],
        },
      ],
    },
  },
  {
    // Imported, it is a module with all its properties, which takes longer to make than all of ours to load.
    files: ['packages/*/src/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { name: 'node:process', message: 'It is a global.' }],
    },
  },
  {
    // Every scope is an instance of CancelScope, as that says by `Symbol.hasInstance`; those that Ambit makes have another constructor.
    files: ['packages/core/src/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
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
    // Other libraries, as their users write with them; a cleanup that throws is one of the questions.
    files: ['conformance/**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          ...['AbortController', 'AbortSignal', 'Event', 'EventTarget', 'URL', 'clearTimeout'],
          ...['fetch', 'performance'],
        ].map((name) => [name, false]),
      ),
    },
    rules: { 'no-unsafe-finally': 'off' },
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
            'Worker',
            'queueMicrotask',
            'removeEventListener',
          ],
        ].map((name) => [name, false]),
      ),
    },
  },
  {
    // The page of `ambit web`, in a browser.
    files: ['packages/io/bin/page/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          ...[
            'AbortController',
            'Blob',
            'EventSource',
            'URL',
            'addEventListener',
            'devicePixelRatio',
          ],
          ...['document', 'fetch', 'getComputedStyle', 'location', 'performance', 'setInterval'],
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
