import { codeOf } from '../errors.ts';

/** Node leaves the path out where it knows the descriptor only. */
export function withPath(error: unknown, path: string): unknown {
  if (codeOf(error) === undefined) return error;
  const failure = error as NodeJS.ErrnoException;
  if (failure.path !== undefined || failure.errno === undefined) return error;
  failure.message += ` '${path}'`;
  return Object.assign(failure, { path });
}

/** The user has named one path; that others stand in for it is no matter of theirs. */
export function inWordsOf(error: unknown, path: string): unknown {
  if (codeOf(error) === undefined) return error;
  const failure = withPath(error, path) as NodeJS.ErrnoException & { dest?: string };
  if (failure.path === undefined) return failure;
  failure.message = failure.message.replaceAll(failure.path, path);
  failure.path = path;
  if (failure.dest !== undefined) failure.dest = path;
  return failure;
}

/** An error in Node's form, where Node has none. */
export function fileError(code: string, what: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${what}, ${syscall} '${path}'`), {
    code,
    syscall,
    path,
  });
}
