import * as lowlevel from '@ambit/core/lowlevel';
import { BusyResourceError } from '@ambit/io';

test('the error of a second user is one class in all packages', () => {
  expect(BusyResourceError).toBe(lowlevel.BusyResourceError);
  expect(new BusyResourceError('busy').name).toBe('BusyResourceError');
});
