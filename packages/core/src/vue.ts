export { useAction, watchTask } from './frameworks/vue.ts';
export type { PerformedCall, UseActionOptions, UsedAction } from './frameworks/vue.ts';
