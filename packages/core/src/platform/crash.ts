/** Written at once, also if the process exits right after. */
export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Ends the process, or the thread, as an uncaught error does. To be called when all that may still be told of the error
 * has been told.
 */
export function crash(error: unknown): void {
  // The main thread is told of it, as of any other.
  // Loaded here, since it takes longer than the rest of what is imported.
  if (!process.getBuiltinModule('node:worker_threads').isMainThread) throw error;
  printError(describeUncaught(error));
  process.exit(1);
}

/** As Node prints it. */
export function describeUncaught(error: unknown): string {
  // Loaded here, as above.
  const { inspect } = process.getBuiltinModule('node:util');
  const what = error instanceof Error ? inspect(error) : `Uncaught:\n${inspect(error)}`;
  return `${what}\n\nNode.js ${process.version}`;
}
