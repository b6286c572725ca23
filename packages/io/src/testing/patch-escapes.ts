import { promisify } from 'node:util';
import { node } from '../node.ts';
import { currentMachine } from './current-machine.ts';
import { escaped } from './escaped.ts';
import { patch } from './patch.ts';

const STARTS = ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync', 'execFileSync'];

/** What would leave the simulation throws on a simulated machine. */
export function patchEscapes(): void {
  const { childProcess } = node;
  for (const name of STARTS) {
    refuseProcess(childProcess, name, name);
    const start = childProcess[name as 'exec'];
    // What `promisify` takes in its place calls the platform's own.
    refuseProcess(start, promisify.custom as unknown as string, name);
  }
  // All that start one later end here: node:cluster, and what had kept a function from before.
  refuseProcess(childProcess.ChildProcess.prototype, 'spawn', 'ChildProcess.spawn');
  patchWorker();
}

function refuseProcess(target: object, key: string, name: string): void {
  patch(target, key, () => {
    const cure = "use openProcess or runProcess, or start it outside of the host's run()";
    throw escaped(`child_process.${name}`, 'processes', cure);
  });
}

function patchWorker(): void {
  const { Worker } = node.workerThreads;
  Object.defineProperty(node.workerThreads, 'Worker', {
    value: new Proxy(Worker, {
      construct(target, args: unknown[], newTarget: new () => object): object {
        if (currentMachine() === undefined)
          return Reflect.construct(target, args, newTarget) as object;
        const cure = "use toThread or a WorkerPool, or start it outside of the host's run()";
        throw escaped('new Worker', 'worker threads', cure);
      },
    }),
    writable: true,
    configurable: true,
    enumerable: true,
  });
}
