'use strict';

const ts = require('typescript');

// ESLint loads the rules as they are, ES modules; jest runs CommonJS. By their own name TypeScript leaves .mjs what it is.
exports.process = (source, path) => ({
  code: ts.transpileModule(source, {
    fileName: path.replace(/\.mjs$/, '.js'),
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2023,
      inlineSourceMap: true,
    },
  }).outputText,
});
