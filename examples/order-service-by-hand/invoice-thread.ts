// Runs in the worker threads.
import { parentPort } from 'node:worker_threads';
import { makeInvoice } from '../order-service/invoice.ts';

parentPort?.on('message', (args: [string, string, number]) => {
  parentPort?.postMessage(makeInvoice(...args));
});
