export { SimulatedNetwork } from './testing/simulated-network.ts';
export type { Hosts } from './testing/simulated-network.ts';
export type { SimulatedNetworkOptions } from './testing/network-options.ts';
export { SimulatedHost } from './testing/simulated-host.ts';
export type { CrashOptions } from './testing/simulated-host.ts';
export type { LinkOptions } from './testing/links.ts';
export type { NetworkEvent } from './testing/world.ts';
export { simulate } from './testing/simulate.ts';
export type { SimulateOptions } from './testing/simulate.ts';
