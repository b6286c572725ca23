import { syncBuiltinESMExports } from 'node:module';
import { setSimulation } from '../real-work.ts';
import { leave, machineServed } from './current-machine.ts';
import { patch } from './patch.ts';
import { patchAgents, patchUndici } from './patch-agents.ts';
import { patchClocks } from './patch-clocks.ts';
import { patchDns } from './patch-dns.ts';
import { patchEscapes } from './patch-escapes.ts';
import { patchFiles } from './patch-files.ts';
import { patchNet } from './patch-net.ts';
import { patchTimers } from './patch-timers.ts';
import { patchTls } from './patch-tls.ts';
import { patchUdp } from './patch-udp.ts';

let isInstalled = false;

/** Has the platform's functions ask whether their caller is on a simulated machine. For all others nothing changes. */
export function install(): void {
  patchUndici();
  if (isInstalled) return;
  isInstalled = true;
  setSimulation({
    leave,
    onPowerOff: (end) => machineServed()?.onPowerOff(end) ?? (() => undefined),
  });
  patchNet();
  patchTls();
  patchAgents();
  patchDns();
  patchUdp();
  patchTimers();
  patchClocks();
  patchEscapes();
  patchFiles();
  patchFetch();
  syncBuiltinESMExports();
}

function patchFetch(): void {
  const { fetch } = globalThis;
  patch(globalThis, 'fetch', ({ pools }, _self, [input, init]) =>
    // What is no init the platform refuses.
    fetch(input as string, isInit(init) ? withDispatcher(init, pools.fetching) : (init as object)),
  );
}

/** Not a copy: what an init inherits, or tells by a getter, counts too. */
function withDispatcher(init: unknown, dispatcher: object): object {
  if (init === undefined || init === null) return { dispatcher };
  return new Proxy(init, {
    get: (target, key): unknown => {
      const own: unknown = Reflect.get(target, key, target);
      return own ?? (key === 'dispatcher' ? dispatcher : undefined);
    },
  });
}

function isInit(init: unknown): boolean {
  return init === undefined || typeof init === 'object' || typeof init === 'function';
}
