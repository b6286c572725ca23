/** The code of five characters that PostgreSQL gave an error; undefined for an error of the client or of the network. */
function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  // With a digit, unlike Node's EPIPE.
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Whether the server has sent an error. */
export function isFromServer(error: unknown): boolean {
  return sqlStateOf(error) !== undefined;
}

/** A query was cancelled: by us, or by another session. */
export function isQueryCancelled(error: unknown): boolean {
  return sqlStateOf(error) === '57014';
}

/** The server has ended the session, with all others or alone. Not 57P03: it accepts none. */
export function isShutdown(error: unknown): boolean {
  return /^57P0[12]$/.test(sqlStateOf(error) ?? '');
}

/** A serialization failure or a deadlock: the same transaction may succeed if it is run again. */
export function isWorthRetrying(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40001' || state === '40P01';
}

/**
 * Whether an error says that its connection is of no more use: an error that the server did not send, or a message with
 * which the server ends the session.
 */
export function endsConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state === undefined) return true;
  const severity = (error as { readonly severity?: unknown }).severity;
  return severity === 'FATAL' || severity === 'PANIC' || /^(08|57P)/.test(state);
}

/** Names of errors of TLS: a certificate that is refused today is refused tomorrow. */
const REFUSED_BY_TLS = /CERT|SELF_SIGNED|UNABLE_TO|^ERR_(TLS|SSL|OSSL)/;

/**
 * Whether it makes no sense to connect again: the database refuses the user, the database or the statement, the
 * certificate is not trusted, or the client gives up for a reason of its own. False while it may be a restart.
 */
export function isRefusal(error: unknown): boolean {
  const state = sqlStateOf(error);
  // 08, 53, 57: connection, resources, operator. 25006: a standby, which may be promoted. 40, 55, 58, XX: passing trouble.
  if (state !== undefined) return !/^(08|53|57|25006|40|55|58|XX)/.test(state);
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === 'string') return REFUSED_BY_TLS.test(code);
  return !/terminated|timeout|ended|closed/i.test(String(message));
}
