// Sets up, then becomes jest. Without arguments it runs everything and holds coverage to its thresholds; arguments go to
// jest as they are, and then coverage is measured only if asked for (`--coverage`) and held to nothing.
import { ensureServers } from './debian.mjs';
import { setUp } from './setup.mjs';

const args = process.argv.slice(2);
const coverage = args.length === 0 ? ['--coverage'] : ['--coverageThreshold', '{}'];

// jest does not look at types, and its result is useful even while a change does not compile.
setUp({ goOnAfterTypeErrors: true });
ensureServers();
process.argv = [process.argv[0], 'jest', ...args, ...coverage];
await import('jest/bin/jest');
