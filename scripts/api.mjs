// Writes what is public: the doors into each package.json and jsr.json, and the interface of each into packages/*/etc/*.api.md, where a
// review sees what a change does to it. `--check` compares instead, and fails if what is committed is no longer true.
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { doorsOf, exportsOf, isBeta } from './doors.mjs';
import { outdatedJsr, writeJsr } from './jsr.mjs';
import { packages, readJson, root } from './setup.mjs';

const check = process.argv.includes('--check');
const outdated = packages().flatMap((project) => [
  ...listDoors(join(root, project)),
  ...reportDoors(join(root, project)),
]);
const unmarked = packages().flatMap((project) => namesWithoutBeta(join(root, project)));
if (unmarked.length > 0) {
  console.error(`api: these names of beta doors are not marked @beta: ${unmarked.join(', ')}`);
  process.exitCode = 1;
}
if (check) outdated.push(...outdatedJsr());
else writeJsr();
if (outdated.length > 0) {
  console.error(
    `api: these reports are out of date or could not be written: ${outdated.join(', ')}`,
  );
  console.error(
    'If the change of the public interface is intended, run npm run api and commit the reports.',
  );
  process.exitCode = 1;
}

/** Returns the manifest if its `exports` are not true. */
function listDoors(folder) {
  const path = join(folder, 'package.json');
  const manifest = readJson(path);
  const text = JSON.stringify({ ...manifest, exports: exportsOf(folder) }, null, 2);
  if (text === JSON.stringify(manifest, null, 2)) return [];
  if (check) return [path];
  writeFileSync(path, `${text}\n`);
  return [];
}

/** Returns the names of the reports that are not true, or have no door. */
function reportDoors(folder) {
  const reports = doorsOf(folder).map((door) => ({
    file: reportOf(folder, door),
    entry: join(folder, `build/${door}.d.ts`),
  }));
  const exported = new Set(reports.flatMap(({ entry }) => namesExportedBy(entry)));
  mkdirSync(join(folder, 'etc'), { recursive: true });
  return [
    ...reports
      .filter(({ file, entry }) => !extract(folder, file, entry, exported))
      .map(({ file }) => file),
    ...orphans(folder, new Set(reports.map(({ file }) => file))),
  ];
}

/** A door exports by name: `export { a, b as c } from …`. */
function namesExportedBy(entry) {
  const lists = readFileSync(entry, 'utf8').matchAll(/export (?:type )?\{([^}]*)\}/g);
  return [...lists].flatMap(([, list]) =>
    list.split(',').map((each) => each.split(' as ').pop().trim()),
  );
}

/** Of a door that is beta all names are, but for those that a stable door of the package has too. */
function namesWithoutBeta(folder) {
  const [beta, stable] = [true, false].map((wanted) =>
    doorsOf(folder)
      .filter((door) => isBeta(folder, door) === wanted)
      .map((door) => ({ door, names: publicNamesIn(join(folder, 'etc', reportOf(folder, door))) })),
  );
  const known = new Set(stable.flatMap(({ names }) => names));
  return beta.flatMap(({ door, names }) =>
    names.filter((name) => !known.has(name)).map((name) => `${basename(folder)}/${door} ${name}`),
  );
}

function publicNamesIn(report) {
  const declarations = readFileSync(report, 'utf8').matchAll(
    /^\/\/ @public.*\n(?:\/\/.*\n)*export (?:abstract |async )*(?:function|class|interface|type|const) (\w+)/gm,
  );
  return [...declarations].map(([, name]) => name);
}

function reportOf(folder, door) {
  return `${[basename(folder), ...(door === 'index' ? [] : [door])].join('-')}.api.md`;
}

function orphans(folder, known) {
  const left = readdirSync(join(folder, 'etc')).filter((file) => !known.has(file));
  if (check) return left;
  for (const file of left) rmSync(join(folder, 'etc', file));
  return [];
}

function extract(folder, reportFileName, mainEntryPointFilePath, exported) {
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: join(folder, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'ES2023',
            lib: ['ES2023', 'ESNext.Disposable'],
            module: 'NodeNext',
            moduleResolution: 'NodeNext',
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          files: [mainEntryPointFilePath],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName,
        reportFolder: join(folder, 'etc'),
        reportTempFolder: join(folder, 'node_modules', '.cache', 'api'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        // A name that a signature uses and no door of the package exports is an error, as is a public name that depends on one
        // that is beta. A name without a release tag is public. TSDoc's own link syntax is not our style.
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
          'ae-unresolved-link': { logLevel: ExtractorLogLevel.None },
          'ae-undocumented': { logLevel: ExtractorLogLevel.None },
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.Error },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  const { succeeded, apiReportChanged } = Extractor.invoke(config, {
    localBuild: !check,
    showVerboseMessages: false,
    messageCallback: (message) => say(message, exported),
  });
  return check ? succeeded && !apiReportChanged : succeeded;
}

/** Only what is wrong; the extractor's remarks on itself (its own TypeScript is older) are no news. */
function say(message, exported) {
  message.handled = true;
  const [, forgotten] = /^The symbol "(\w+)" needs to be exported/.exec(message.text) ?? [];
  if (exported.has(forgotten)) message.logLevel = ExtractorLogLevel.None;
  if (message.logLevel !== ExtractorLogLevel.Error) return;
  console.error(message.formatMessageWithLocation(root));
}
