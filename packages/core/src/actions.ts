export { Action } from './actions/action.ts';
export type { ActionMode, ActionOptions } from './actions/action-options.ts';
export { debounce } from './actions/debounce.ts';
export type { Debounced, DebounceOptions } from './actions/debounce.ts';
export { throttle } from './actions/throttle.ts';
export type { ThrottleOptions } from './actions/throttle.ts';
