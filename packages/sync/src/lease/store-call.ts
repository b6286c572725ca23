import { LeaseStoreError } from './errors.ts';
import { ask } from './request.ts';

/** Calls the store; its failure rejects with a LeaseStoreError. */
export async function storeCall<T>(
  operation: string,
  name: string,
  fn: () => T | PromiseLike<T>,
): Promise<T> {
  try {
    return await ask(fn);
  } catch (error) {
    throw new LeaseStoreError(operation, name, error);
  }
}
