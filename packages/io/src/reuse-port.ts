import { checkFlag } from '@ambit/core/lowlevel';

// Node before would ignore it, and the second process would not get the port.
export function checkReusePort(where: string, value: unknown): void {
  checkFlag(where, 'reusePort', value);
  if (knowsReusePort() || value !== true) return;
  throw new TypeError(
    `${where}: reusePort needs Node 22.12 or newer, and this is ${process.versions.node}; leave it out`,
  );
}

export function knowsReusePort(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}
