// Writes the public interface of each door into packages/*/etc/*.api.md, where a review sees what a change does to it.
// `--check` compares instead, and fails if a committed report is no longer true.
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packages, readJson, root } from './setup.mjs';

const check = process.argv.includes('--check');
const outdated = packages().flatMap((project) => reportDoors(join(root, project)));
if (outdated.length > 0) {
  console.error(`Not as the code has it, or not to be made of it: ${outdated.join(', ')}`);
  console.error('If the change is meant: npm run api, and commit them.');
  process.exitCode = 1;
}

/** Answers the names of the reports that are not true, or have no door. */
function reportDoors(folder) {
  const { name, exports } = readJson(join(folder, 'package.json'));
  const reports = Object.entries(exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([door, target]) => ({
      file: `${[name.split('/').pop(), ...door.split('/').slice(1)].join('-')}.api.md`,
      entry: join(folder, target.import.types),
    }));
  mkdirSync(join(folder, 'etc'), { recursive: true });
  return [
    ...reports.filter(({ file, entry }) => !extract(folder, file, entry)).map(({ file }) => file),
    ...orphans(folder, new Set(reports.map(({ file }) => file))),
  ];
}

function orphans(folder, known) {
  const left = readdirSync(join(folder, 'etc')).filter((file) => !known.has(file));
  if (check) return left;
  for (const file of left) rmSync(join(folder, 'etc', file));
  return [];
}

function extract(folder, reportFileName, mainEntryPointFilePath) {
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
        // Names that a signature uses and no door exports are noted in the report; release tags and TSDoc's
        // own link syntax are not our style.
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
          'ae-unresolved-link': { logLevel: ExtractorLogLevel.None },
          'ae-undocumented': { logLevel: ExtractorLogLevel.None },
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  const { succeeded, apiReportChanged } = Extractor.invoke(config, {
    localBuild: !check,
    showVerboseMessages: false,
    messageCallback: say,
  });
  return check ? succeeded && !apiReportChanged : succeeded;
}

/** Only what is wrong; the extractor's remarks on itself (its own TypeScript is older) are no news. */
function say(message) {
  message.handled = true;
  if (message.logLevel !== ExtractorLogLevel.Error) return;
  console.error(message.formatMessageWithLocation(root));
}
