/**
 * Tells the operator something that no caller can be told: a process warning, else the console.
 *
 * @param name - the class of the warning
 * @param code - by which a listener can tell it from others
 */
export function emitWarning(message: string, name: string, code?: string): void {
  const host = globalThis as {
    process?: { emitWarning?: (message: string, name: string, code?: string) => void };
  };
  if (host.process?.emitWarning !== undefined) host.process.emitWarning(message, name, code);
  else console.warn(`${code === undefined ? name : `[${code}] ${name}`}: ${message}`);
}
