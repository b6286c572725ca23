#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { sourceFiles } from './files.mjs';
import { report } from './report.mjs';
import { ruleNames, transform } from './transform.mjs';

const usage = `usage: ambit-codemods [--dry] [--only <rule>,<rule>] <file or directory>...

Moves code to Ambit. A comment says why something was left.

  --dry    print what would be done, and change no file
  --only   apply only these rules: ${ruleNames.join(', ')}
  --help   print this text
`;

process.exitCode = main(process.argv.slice(2));

function main(args) {
  const request = read(args);
  if (request.text !== undefined) {
    (request.status === 0 ? process.stdout : process.stderr).write(request.text);
    return request.status;
  }
  const { files, missing } = sourceFiles(request.paths);
  for (const path of missing) process.stderr.write(`ambit-codemods: ${path} does not exist\n`);
  if (missing.length > 0) return 2;
  const results = files.map((path) => moveFile(path, request));
  process.stdout.write(report(results, request));
  return results.some(({ error }) => error !== undefined) ? 1 : 0;
}

function read(args) {
  let parsed;
  try {
    const options = {
      dry: { type: 'boolean' },
      only: { type: 'string' },
      help: { type: 'boolean' },
    };
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    return { status: 2, text: `ambit-codemods: ${error.message}\n\n${usage}` };
  }
  const { values, positionals: paths } = parsed;
  if (values.help) return { status: 0, text: usage };
  const only = values.only?.split(',') ?? ruleNames;
  const unknown = only.find((name) => !ruleNames.includes(name));
  if (unknown !== undefined) {
    const text = `ambit-codemods: there is no rule "${unknown}"; use ${ruleNames.join(', ')}\n`;
    return { status: 2, text };
  }
  if (paths.length === 0) {
    return { status: 2, text: `ambit-codemods: name a file or a directory\n\n${usage}` };
  }
  return { paths, only, dry: values.dry ?? false };
}

function moveFile(path, { only, dry }) {
  try {
    const source = readFileSync(path, 'utf8');
    const { code, moved, left } = transform(source, { path, only });
    if (code !== source && !dry) writeFileSync(path, code);
    return { path, moved, left, isChanged: code !== source, source, code };
  } catch (error) {
    return { path, moved: [], left: [], isChanged: false, error };
  }
}
