export { ambient } from './testing/vitest.ts';
export type { AmbientBody, AmbientTest } from './testing/fixture.ts';
export type { VitestContext } from './testing/vitest.ts';
