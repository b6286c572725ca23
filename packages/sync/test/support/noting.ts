/** What tells what it holds and who waits for it. */
export interface Told {
  statistics(): object;
}

/** The exports of a door, and a list of all primitives that are made by them from now on. */
export function noting<D extends object>(doors: D): { noted: D; made: Told[] } {
  const made: Told[] = [];
  const note = <T>(result: T): T => {
    for (const each of [result].flat()) if (isTold(each)) made.push(each);
    return result;
  };
  const handler: ProxyHandler<new () => object> = {
    construct: (door, args, target) => note(Reflect.construct(door, args, target) as object),
    apply: (door, self, args) => note<unknown>(Reflect.apply(door as never, self, args)),
  };
  const noted = Object.entries(doors).map(([name, door]) => [
    name,
    typeof door === 'function' ? new Proxy(door as new () => object, handler) : (door as unknown),
  ]);
  return { noted: Object.fromEntries(noted) as D, made };
}

function isTold(value: unknown): value is Told {
  return typeof (value as Partial<Told> | null | undefined)?.statistics === 'function';
}
