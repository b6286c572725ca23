export { useAction } from './frameworks/react.ts';
export type { UseActionOptions, UsedAction } from './frameworks/react.ts';
export { useTask, useTaskGroup, useTaskState } from './frameworks/react-tasks.ts';
