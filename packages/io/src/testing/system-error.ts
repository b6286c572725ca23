interface Place {
  readonly address: string;
  readonly port?: number | undefined;
}

/** An error as Node makes one of what the system answered. */
export function systemError(syscall: string, code: string, place?: Place): Error {
  const port = place?.port === undefined ? '' : `:${place.port}`;
  const where = place === undefined ? '' : ` ${place.address}${port}`;
  return Object.assign(new Error(`${syscall} ${code}${where}`), {
    code,
    syscall,
    errno: ERRNO[code] ?? -1,
    ...place,
  });
}

const ERRNO: Readonly<Record<string, number>> = {
  EPIPE: -32,
  EMSGSIZE: -90,
  EADDRINUSE: -98,
  ECONNRESET: -104,
  ETIMEDOUT: -110,
  ECONNREFUSED: -111,
  ECANCELED: -125,
};

/** A name that no host has. */
export function unknownName(name: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    errno: -3008,
    hostname: name,
  });
}
