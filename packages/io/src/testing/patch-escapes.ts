import { InvalidStateError } from '@ambit/core';
import { node } from '../node.ts';
import { currentMachine } from './current-machine.ts';
import { patch } from './patch.ts';

const STARTS = ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync', 'execFileSync'];

/** What would leave the simulation throws on a simulated machine. */
export function patchEscapes(): void {
  for (const name of STARTS) {
    patch(node.childProcess, name, () => {
      throw escaped(`child_process.${name}`, 'processes');
    });
  }
  const { Worker } = node.workerThreads;
  Object.defineProperty(node.workerThreads, 'Worker', {
    value: new Proxy(Worker, {
      construct(target, args: unknown[], newTarget: new () => object): object {
        if (currentMachine() !== undefined) throw escaped('new Worker', 'worker threads');
        return Reflect.construct(target, args, newTarget) as object;
      },
    }),
    writable: true,
    configurable: true,
    enumerable: true,
  });
}

function escaped(where: string, what: string): InvalidStateError {
  return new InvalidStateError(
    `${where}: a simulated host has no ${what}; start it outside of the host's run()`,
  );
}
