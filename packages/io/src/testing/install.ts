import { syncBuiltinESMExports } from 'node:module';
import { patch } from './patch.ts';
import { patchAgents, patchUndici } from './patch-agents.ts';
import { patchClocks } from './patch-clocks.ts';
import { patchDns } from './patch-dns.ts';
import { patchEscapes } from './patch-escapes.ts';
import { patchNet } from './patch-net.ts';
import { patchTimers } from './patch-timers.ts';
import { patchUdp } from './patch-udp.ts';

let isInstalled = false;

/** Has the platform's functions ask whether their caller is on a simulated machine. For all others nothing changes. */
export function install(): void {
  patchUndici();
  if (isInstalled) return;
  isInstalled = true;
  patchNet();
  patchAgents();
  patchDns();
  patchUdp();
  patchTimers();
  patchClocks();
  patchEscapes();
  patchFetch();
  syncBuiltinESMExports();
}

function patchFetch(): void {
  const { fetch } = globalThis;
  patch(globalThis, 'fetch', (machine, _self, [input, init]) => {
    const own = { dispatcher: machine.pools.fetching, ...(init as RequestInit | undefined) };
    return fetch(input as string, own as unknown as RequestInit);
  });
}
