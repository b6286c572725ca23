import { debugTools } from '../tasks/debug-tools.ts';
import { addSite, spawnSite } from './spawn-site.ts';
import { describeTree, watchRun } from './debug-mode.ts';
import { offerLook } from './look.ts';
import { noteLeaving } from './note-leaving.ts';
import { noteWait } from './wait-cycles.ts';

/** Puts the debug tools where `run`, groups and tasks look for them. */
export function installDebugTools(): void {
  debugTools.loaded ??= {
    describe: describeTree,
    offerLook,
    watchRun,
    spawnSite,
    addSite,
    noteWait,
    noteLeaving,
  };
}
