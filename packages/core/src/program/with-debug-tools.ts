// For programs that load the whole main door. Bundlers leave this file out, since no name is imported from it.
import { installDebugTools } from './install-debug-tools.ts';

installDebugTools();
