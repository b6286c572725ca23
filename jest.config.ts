/** @jest-config-loader-options {"transpileOnly": true} */
import type { Config } from 'jest';

// Types are checked once, by `tsc -b`; here every file is only transpiled.
// Tests reach the sources through the packages' own export maps, by the `@ambit/source` condition.
const config: Config = {
  roots: [
    '<rootDir>/packages',
    '<rootDir>/examples',
    '<rootDir>/eslint-plugin',
    '<rootDir>/unplugin',
    '<rootDir>/codemods',
    '<rootDir>/conformance',
  ],
  testMatch: ['**/test/**/*.test.ts'],
  testEnvironment: 'node',
  testEnvironmentOptions: {
    customExportConditions: ['@ambit/source', 'node', 'require', 'default'],
  },
  reporters: ['default', '<rootDir>/scripts/jest-reporter.mjs'],
  setupFilesAfterEnv: ['<rootDir>/scripts/second-try.cjs'],
  // A turn more for each test, so that a rejection nobody handles fails the test it comes from.
  waitForUnhandledRejections: true,
  // Two processes, and new ones in time: a single one that loads every suite runs out of memory.
  maxWorkers: 2,
  workerIdleMemoryLimit: '700MB',
  // Virtual time is cheap; what takes longer than jest's five seconds is a machine with other work.
  testTimeout: 60_000,
  transform: {
    '^.+\\.ts$': [
      'ts-jest',
      {
        tsconfig: {
          target: 'ES2023',
          lib: ['ES2023', 'ESNext.Disposable'],
          module: 'CommonJS',
          moduleResolution: 'Bundler',
          isolatedModules: true,
          allowImportingTsExtensions: true,
          noEmit: true,
          sourceMap: true,
        },
      },
    ],
    '^.+/(eslint-plugin|unplugin|codemods|conformance)/src/.+\\.mjs$':
      '<rootDir>/eslint-plugin/test/to-commonjs.cjs',
  },
  collectCoverageFrom: ['packages/*/src/**/*.ts'],
  coverageReporters: [['text', { skipFull: true }], 'lcovonly'],
  coverageThreshold: {
    global: {},
    './packages/core/src/': { branches: 92 },
    './packages/sync/src/': { branches: 93 },
    './packages/io/src/': { branches: 85 },
  },
};

export default config;
