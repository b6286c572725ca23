import { slot } from '../slot.ts';
import { Plain, withFrame } from './awaited.ts';
import { caught, expectNext, expectNextOf, resume } from './call.ts';
import type { Call } from './call.ts';

interface Source {
  readonly [Symbol.asyncIterator]?: (() => object) | null;
  readonly [Symbol.iterator]?: () => object;
}
type Method = (...args: unknown[]) => unknown;
interface Asked {
  readonly next: Method;
  readonly return: Method | null | undefined;
  readonly throw: Method | null | undefined;
}

/** The source of a `for await`, which is asked in the frame; then the frame goes. @beta */
export function iterate(call: Call, source: Source): object {
  return followed(source, call, (method) => asking(call, method, caught));
}

/** The source of a `yield*`, which is asked in the frame of each caller of the generator. @beta */
export function delegate(call: Call, source: Source): object {
  const wrap: Wrap = (method, name) => {
    // A `return()` comes in a turn without frame: the generator has awaited what it is to return.
    const enter = name === 'next' ? resume : caught;
    const ask = asking(call, method, (each) => {
      if (each.isPaused) enter(each);
      else caught(each);
    });
    return (...args) => {
      const result = ask(...args);
      call.isPaused = true;
      if (result instanceof Promise) expectNext(call, result);
      else expectNextOf(call, (result as { value?: unknown }).value);
      return result;
    };
  };
  return followed(source, call, wrap);
}

type Name = 'next' | 'return' | 'throw';
type Wrap = (method: Method, name: Name) => Method;

interface Follow {
  readonly call: Call;
  readonly wrap: Wrap;
  readonly isSync: boolean;
}

function asking(call: Call, method: Method, enter: (call: Call) => void): Method {
  return (...args) => {
    enter(call);
    const result = method(...args);
    const awaited = withFrame(result, call.frame);
    slot.value = call.outer;
    call.outer = undefined;
    return awaited instanceof Plain ? result : awaited;
  };
}

/** With the same kind of iterator: the platform makes an async one of a synchronous one, in its own way. */
function followed(source: Source, call: Call, wrap: Wrap): object {
  const method = source[Symbol.asyncIterator];
  if (method !== undefined && method !== null) {
    const follow = { call, wrap, isSync: false };
    return { [Symbol.asyncIterator]: () => asked(Reflect.apply(method, source, []), follow) };
  }
  const follow = { call, wrap, isSync: true };
  return {
    [Symbol.iterator]: () => asked((source as Required<Source>)[Symbol.iterator](), follow),
  };
}

/** `next` is read once, the others each time that they are called, as by the platform. */
function asked(iterator: object, { call, wrap, isSync }: Follow): Asked {
  if (Object(iterator) !== iterator)
    throw new TypeError(`the iterator of the source is ${typeof iterator}, not an object`);
  const { next } = iterator as Asked;
  const optional = (name: Exclude<Name, 'next'>): Method | undefined => {
    const method = (iterator as Asked)[name];
    if (method === undefined || method === null) {
      unanswered({ call, isSync });
      return undefined;
    }
    return wrap((...args) => Reflect.apply(method, iterator, args), name);
  };
  return {
    next: wrap((...args) => Reflect.apply(next, iterator, args), 'next'),
    get return() {
      return optional('return');
    },
    get throw() {
      return optional('throw');
    },
  };
}

/**
 * What its source cannot do the platform does: at once, or with a wait if it has made an async iterator of a synchronous one. A
 * paused generator goes on in the frame of its caller.
 */
function unanswered({ call, isSync }: Pick<Follow, 'call' | 'isSync'>): void {
  if (call.isPaused) call.frame = slot.value ?? call.frame;
  else if (isSync) {
    slot.value = call.outer;
    call.outer = undefined;
  }
}
