export { action } from './frameworks/svelte.ts';
export type { ComponentAction, ComponentActionOptions } from './frameworks/svelte.ts';
