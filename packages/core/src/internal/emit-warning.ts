/** Tells the operator something that no caller can be told: a process warning, else the console. */
export function emitWarning(message: string, name: string): void {
  const host = globalThis as {
    process?: { emitWarning?: (message: string, name: string) => void };
  };
  if (host.process?.emitWarning === undefined) console.warn(`${name}: ${message}`);
  else host.process.emitWarning(message, name);
}
