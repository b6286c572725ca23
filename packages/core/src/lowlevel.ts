export { park, parkAs } from './waiting/park.ts';
export type { Parking } from './waiting/parking.ts';
export type { ParkOptions } from './waiting/park-options.ts';
export type { Waker } from './waiting/waker.ts';
export type { SignalOptions } from './internal/signal-options.ts';
export { splitOptions } from './internal/signal-options.ts';
export { refusalOf, throwIfCancelled } from './waiting/checkpoint.ts';
export { checkCall } from './waiting/call-options.ts';
export { yieldIfDue, ready, refused } from './waiting/ready.ts';
export { late } from './loop/runtime.ts';
export { ParkingLot } from './waiting/parking-lot.ts';
export { Tally } from './waiting/tally.ts';
export { waitsIn } from './waiting/waits-in.ts';
export type { Line, LotOptions } from './waiting/line.ts';
export type { Place } from './waiting/parked.ts';
export { whenSettled } from './internal/native-promise.ts';
export { whenDone } from './waiting/outcome.ts';
export { isDebugging, isWithin, noteLoan } from './program/reentrancy.ts';
export { noteUnclosed } from './program/unclosed.ts';
export { endsByDraining, onDraining, untilDraining } from './waiting/on-draining.ts';
export { captureOwner } from './scope/owner-context.ts';
export type { CallForOwner, MakeOptions } from './scope/owner-context.ts';
export { idleTimer } from './loop/event-loop.ts';
export { suppress } from './internal/suppressed-errors.ts';
export { currentGroup } from './tasks/current-group.ts';
export { giveTo } from './tasks/adopted.ts';
export { currentRandom } from './scope/current-scope.ts';
export { getRunningLoop as currentLoop, groupOfRun } from './program/create-task.ts';
export { counted } from './internal/counted.ts';
export { invariant } from './internal/invariant.ts';
export { nameErrors } from './internal/name-errors.ts';
export { BusyResourceError } from './internal/busy-resource-error.ts';
export { BrokenWorkerError, ClosedResourceError } from './internal/worker-errors.ts';
export { decodeThrown, encodeThrown, messageOf } from './internal/error-codec.ts';
export type { EncodedError, ErrorReference, PlainError } from './internal/error-codec.ts';
export { diagnosticsChannel } from './diagnostics/channels.ts';
export type { Channel as DiagnosticsChannel } from './internal/channel.ts';
export { callSafely } from './internal/report-later.ts';
export { sharingStack } from './internal/sharing-stack.ts';
export { keepShape } from './internal/keep-shapes.ts';

// Checks of arguments at the public doors: each names the argument, the value and the cure.
export {
  checkAnswer,
  checkCount,
  checkDuration,
  checkFunction,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkSignal,
  checkTime,
  checkWhole,
  isThenable,
  show,
} from './internal/check.ts';
export { checkFlag, checkName } from './internal/check-values.ts';
