import type Events from 'node:events';
import type Timers from 'node:timers';

// Modules of Node, as it has them. For an `import` it would make a module of each, and load what their getters load:
// `timers.promises` takes as long as the rest.
export const events: typeof Events = process.getBuiltinModule('node:events');
export const timers: typeof Timers = process.getBuiltinModule('node:timers');
