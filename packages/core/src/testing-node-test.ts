export { ambient } from './testing/node-test.ts';
export type { AmbientBody, AmbientTest } from './testing/fixture.ts';
export type { NodeTestContext } from './testing/node-test.ts';
