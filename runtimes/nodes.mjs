// The versions of Node that are looked at, and their binaries. Pinned, so that a red table means a change of ours.
import { join } from 'node:path';
import { install } from '../scripts/tools.mjs';

/** By their first number, the newest last. */
export const NODES = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' };

/** The path of the binary of a version, which the package for this machine carries. */
export function nodeOf(major) {
  const alias = `node-${major}`;
  const from = `npm:node-${process.platform}-${process.arch}@${NODES[major]}`;
  return join(install(alias, { [alias]: from }), 'node_modules', alias, 'bin/node');
}
