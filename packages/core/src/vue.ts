export { useAction, watchTask } from './frameworks/vue.ts';
export type { UseActionOptions, UsedAction } from './frameworks/vue.ts';
