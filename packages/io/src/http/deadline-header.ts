/** Milliseconds of each unit of gRPC's header. */
const UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};
/** The largest number of eight digits, which is all that its header takes. */
const MOST = 99_999_999;

/** Says how much time is left in a header, in the way that its name asks for. */
export function writeDeadline(name: string, left: number): string {
  const whole = Math.max(0, Math.floor(left));
  if (name.toLowerCase() !== 'grpc-timeout') return String(whole);
  if (whole <= MOST) return `${whole}m`;
  return `${Math.min(MOST, Math.floor(whole / 1000))}S`;
}

/** The milliseconds that a header leaves; undefined if it is none, or says nothing that can be understood. */
export function readDeadline(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const isGrpc = name.toLowerCase() === 'grpc-timeout';
  const match = (isGrpc ? /^(\d{1,8})([HMSmun])$/ : /^(\d+(?:\.\d+)?)$/).exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * (UNITS[match[2] ?? 'm'] ?? 1);
}
