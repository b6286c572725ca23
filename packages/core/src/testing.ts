export { testRun } from './testing/test-run.ts';
export type { TestRunOptions } from './testing/test-run.ts';
export { VirtualLoop } from './testing/virtual-loop.ts';
export { settle } from './testing/settle.ts';
export { Sequencer } from './testing/sequencer.ts';
