export type { ByteStream } from './byte-stream.ts';
export type { WaitOptions } from './cancellable.ts';
export { BrokenResourceError, BusyResourceError, ClosedResourceError } from './errors.ts';
