export { snapshot } from './inspect/snapshot.ts';
export type { Counts, Snapshot, SnapshotOptions } from './inspect/snapshot.ts';
export { recordTrace, TraceRecorder } from './inspect/trace-recorder.ts';
export type { TraceOptions } from './inspect/trace-recorder.ts';
