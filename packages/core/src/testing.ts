export { testRun } from './testing/test-run.ts';
export type { TestRunOptions } from './testing/test-run.ts';
export { VirtualLoop } from './testing/virtual-loop.ts';
export { settle } from './testing/settle.ts';
export { permute } from './testing/permute.ts';
export type { PermuteOptions } from './testing/permute.ts';
export { expectCheckpoint } from './testing/expect-checkpoint.ts';
export { Sequencer } from './testing/sequencer.ts';
