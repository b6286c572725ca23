// esbuild and Rolldown remove types and JSX themselves, after their plugins: what is to be rewritten goes through them first.
import remapping from '@jridgewell/remapping';
import { basename } from 'node:path';

const TYPED = /\.(?:[cm]?ts|[jt]sx)$/;

/** Whether a file has types or JSX, by its name. */
export const isTyped = (path) => TYPED.test(path);

/** The source map of a file that was made in two steps, the last one first. */
export function joined(...maps) {
  return remapping(maps, () => null);
}

/** The options of a build that say how types and JSX are compiled; the tsconfig.json beside a file counts anyway. */
const TAKEN = ['jsx', 'jsxDev', 'jsxFactory', 'jsxFragment', 'jsxImportSource', 'jsxSideEffects'];

/** By esbuild: `{ code, map, warnings }`, or its `errors`. */
export async function byEsbuild(build, path) {
  try {
    return await compile(build, path);
  } catch (error) {
    if (error.errors === undefined) throw error;
    return { errors: error.errors };
  }
}

async function compile({ esbuild, initialOptions }, path) {
  const names = [...TAKEN, 'tsconfig', 'tsconfigRaw', 'absWorkingDir', 'loader'];
  const given = names.filter((name) => initialOptions[name] !== undefined);
  const { outputFiles, warnings } = await esbuild.build({
    ...Object.fromEntries(given.map((name) => [name, initialOptions[name]])),
    entryPoints: [path],
    outfile: `${path}.js`,
    write: false,
    target: 'esnext',
    sourcemap: 'external',
    logLevel: 'silent',
  });
  const [map, code] = outputFiles;
  return { code: code.text, map: { ...JSON.parse(map.text), sources: [basename(path)] }, warnings };
}

/** By the Rolldown that calls the plugin. */
export async function byRolldown(code, id) {
  const { transform } = await import('rolldown/utils');
  const made = await transform(id, code, { sourcemap: true, target: 'esnext', tsconfig: true });
  const [error] = made.errors;
  if (error !== undefined) throw new SyntaxError(error.message);
  return made;
}
