export { ambient } from './testing/jest.ts';
export type { AmbientBody, AmbientTest } from './testing/fixture.ts';
