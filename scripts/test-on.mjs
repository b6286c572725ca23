// npm run test:on -- <24|newest> [what jest takes…]: the tests on another version of Node, whose binary a package carries.
// Without arguments for jest it runs what leans on the parts of Node that change from one version to the next.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { NODES, nodeOf } from '../runtimes/nodes.mjs';
import { root, setUp } from './setup.mjs';

/** Contexts and memory; streams, sockets, HTTP and `fetch`, on the network and on the simulated one, which is inside of Node's. */
const LEANING = [
  'packages/core/test',
  ...['http', 'net', 'streams', 'testing'].map((room) => `packages/io/test/${room}`),
];

const [asked = 'newest', ...given] = process.argv.slice(2);
const major = asked === 'newest' ? Object.keys(NODES).at(-1) : asked;
if (!(major in NODES)) {
  console.error(`ambit: no Node ${asked} here; there are ${Object.keys(NODES).join(', ')}`);
  process.exit(1);
}
// By this Node: what is built is the same.
setUp({ goOnAfterTypeErrors: true });
const node = nodeOf(major);
const args = given.length > 0 ? given : LEANING;
const { status } = spawnSync(node, [join(root, 'scripts/test.mjs'), ...args], {
  cwd: root,
  stdio: 'inherit',
  // Programs that tests start by the name of `node` are of that version, too.
  env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` },
});
process.exit(status ?? 1);
