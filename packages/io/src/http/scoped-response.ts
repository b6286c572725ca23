import { obeying, override, scopeReading, unscoped } from '../streams/scoped-readable.ts';
import type { Reading } from '../streams/scoped-readable.ts';

/** The transfer that a response's body comes with. */
export interface BodyTransfer extends Reading {
  /** Why it was broken off; undefined: it was not. */
  readonly failure: { readonly reason: unknown } | undefined;
  /** Breaks it off. */
  abort(reason: unknown): void;
}

/** The ways to read a body other than through its stream. */
const readers = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'];

/** The readers of one body: a response and its clones. One that is cut while others still read leaves the transfer to them. */
interface Sharing {
  count: number;
}

/** Has the reading of a response's body obey the scope in which it is read. It stays the same response. */
export function scopeResponse(
  response: Response,
  transfer: BodyTransfer,
  sharing: Sharing = { count: 1 },
): void {
  const onCut = (reason: unknown): void => {
    sharing.count -= 1;
    if (sharing.count === 0) transfer.abort(reason);
  };
  scopeReaders(response, transfer, onCut);
  const { clone } = response;
  override(response, {
    clone: () => {
      const copy = clone.call(response);
      sharing.count += 1;
      scopeResponse(copy, transfer, sharing);
      // A stream of its own by now.
      scopeBody(response, transfer);
      return copy;
    },
  });
  scopeBody(response, transfer);
}

function scopeReaders(
  response: Response,
  transfer: BodyTransfer,
  onCut: (reason: unknown) => void,
): void {
  for (const name of readers.filter((each) => each in response)) {
    const read = Reflect.get(response, name) as () => Promise<unknown>;
    const start = (): Promise<unknown> => {
      // The platform would say that something was aborted, not what and why.
      if (transfer.failure !== undefined) return Promise.reject(transfer.failure.reason);
      return unscoped(() => read.call(response));
    };
    override(response, { [name]: () => obeying(transfer.name, start, onCut) });
  }
}

// Stand-ins of tests have bodies of their own kinds.
function scopeBody({ body }: Response, transfer: BodyTransfer): void {
  if (body !== null && 'getReader' in body) scopeReading(body, transfer);
}
