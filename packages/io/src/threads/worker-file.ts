import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `#worker` of package.json, as the build names it. */
const FILE = 'worker-main.js';

interface Site {
  getFileName(): string | null;
}

/**
 * The file that worker threads run: always the compiled ES module, whichever way this one was loaded, so that in a thread
 * there is one copy of everything.
 */
export function workerFile(): string {
  const file = thisFile();
  const folder = dirname(file);
  // From the sources, when tests run: a thread of its own cannot load these everywhere.
  if (file.endsWith('.ts')) return join(folder, '..', '..', 'dist', FILE);
  return join(basename(folder) === 'cjs' ? dirname(folder) : folder, FILE);
}

// `import.meta.url` cannot be compiled to CommonJS, nor `__filename` to an ES module; a call site knows in both.
function thisFile(): string {
  const { stackTraceLimit } = Error;
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_error, sites) => sites;
    Error.captureStackTrace(holder);
    const [site] = holder.stack as Site[];
    const name = site?.getFileName() ?? '';
    return name.startsWith('file:') ? fileURLToPath(name) : name;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepare === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', prepare);
  }
}
