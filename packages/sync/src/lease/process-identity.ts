let identity: string | undefined;

/** Names this process in stores: its host, if the environment names it, its number, and a few characters by chance. */
export function processIdentity(): string {
  const { process } = globalThis as { process?: { pid?: number; env?: { HOSTNAME?: string } } };
  identity ??= [process?.env?.HOSTNAME, process?.pid, globalThis.crypto.randomUUID().slice(0, 8)]
    .filter((part) => part !== undefined && part !== '')
    .join('-')
    .slice(-200);
  return identity;
}
