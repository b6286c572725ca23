// The reference: one page a door, made of the docstrings as tsc has compiled them (what users' editors show).
// `names.json` beside them says where each public name is explained, so that the other pages can link to it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, LogLevel, ReflectionKind } from 'typedoc';
import { betaDoors } from '../../scripts/doors.mjs';
import { doorsOf, exportedBy } from './doors.mjs';
import { headingsOf, readable } from './readable.mjs';

const options = {
  plugin: ['typedoc-plugin-markdown'],
  router: 'module',
  readme: 'none',
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: true,
  excludeExternals: true,
  // The declarations are checked where they are made.
  skipErrorChecking: true,
  // What a signature names and no door exports is noted in the API reports.
  validation: { notExported: false, invalidLink: true, invalidPath: true, notDocumented: false },
  treatWarningsAsErrors: true,
  logLevel: LogLevel.Warn,
  groupOrder: ['Constructors', 'Properties', 'Accessors', 'Methods', '*'],
  hidePageHeader: true,
  hideGroupHeadings: true,
  hidePageTitle: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  expandParameters: true,
  sanitizeComments: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  tableColumnSettings: {
    hideSources: true,
    hideInherited: true,
    hideOverrides: true,
    hideModifiers: true,
  },
};

/** Writes the pages into docs/reference. Throws if TypeDoc has anything to complain of. */
export async function writeReference(root) {
  const doors = doorsOf(root);
  const out = join(root, 'docs/reference');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const app = await Application.bootstrapWithPlugins({
    ...options,
    tsconfig: join(root, 'docs/build/tsconfig.json'),
    basePath: root,
    entryPoints: doors.map(({ entry }) => entry),
    outputs: [{ name: 'markdown', path: out }],
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('TypeDoc could not read the declarations');
  app.validate(project);
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    arrange(module, doorOf(module, doors, root));
  }
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error('TypeDoc has warnings about docstrings; see above');
  }

  rmSync(join(out, 'README.md'), { force: true });
  const names = {};
  for (const door of doors) {
    const places = writePage(join(out, `${door.page}.md`), door);
    for (const [name, place] of Object.entries(places)) names[name] ??= place;
  }
  writeFileSync(join(out, 'names.json'), `${JSON.stringify(names, null, 2)}\n`);
}

/** TypeDoc calls a module by its file. */
function doorOf(module, doors, root) {
  const files = [`${module.name}.d.ts`, `${module.name}/index.d.ts`].map((file) =>
    join(root, file),
  );
  return doors.find(({ entry }) => files.includes(entry));
}

/** All names of a door in one list, in the order of the door, which is the one to learn them in. */
function arrange(module, door) {
  module.name = door.page;
  const names = exportedBy(door.entry);
  const [group] = module.groups;
  group.children = [...module.children].sort(
    (a, b) => names.indexOf(a.name) - names.indexOf(b.name),
  );
  module.groups = [group];
}

/** Makes the page fit to read; answers where on it each name is. */
function writePage(path, door) {
  const body = withIdsOfSite(readable(readFileSync(path, 'utf8')));
  const front = `---\noutline: 2\npageClass: reference\n---\n\n# ${door.name}\n\n`;
  const stability = betaDoors().includes(door.name) ? BETA : '';
  writeFileSync(path, `${front}${stability}${introductions[door.page] ?? ''}${body}`);
  const places = headingsOf(body).filter(({ level }) => level === 2);
  return Object.fromEntries(
    places.map(({ title, id }) => [title.replace(/\(\)$/, ''), `/reference/${door.page}#${id}`]),
  );
}

/** TypeDoc counts names that are alike in its own way. */
function withIdsOfSite(body) {
  const ids = new Set(headingsOf(body).map(({ id }) => id));
  return body.replaceAll(/\]\(#([\w-]+?)-\d+\)/g, (link, id) => {
    const isThere = ids.has(link.slice(3, -1)) || !ids.has(id);
    return isThere ? link : `](#${id})`;
  });
}

const BETA =
  '::: warning Beta\nThis door may change in a minor release. See [what is stable](../stability.md).\n:::\n\n';

const introductions = {
  core: 'Lifetimes: groups, tasks, scopes, timeouts, resources. Begin with the [tutorial](../tutorial/first-group.md).\n\n',
  'core-abort':
    'For code that passes `AbortSignal`s. See [the guide](../guides/abort-signal.md).\n\n',
  'core-iter': 'Async iterators that close what they opened.\n\n',
  'core-lowlevel':
    'For authors of primitives. See [the guide](../guides/own-primitive.md) that writes one.\n\n',
  'core-testing': 'Virtual time. See [the tutorial](../tutorial/virtual-time.md).\n\n',
  sync: 'Waiting for each other: locks, queues, channels. See [the tutorial](../tutorial/sharing.md).\n\n',
  io: 'Waiting for the world, on Node. See [the tutorial](../tutorial/streams.md).\n\n',
};
