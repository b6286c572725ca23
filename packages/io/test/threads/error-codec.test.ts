import { suppressedErrors } from '@ambit/core';
import { suppress } from '@ambit/core/lowlevel';
import { decodeThrown, encodeThrown } from '../../src/threads/error-codec.ts';

type Loose = Error & Record<string, unknown>;

/** There and back, by way of what a port does to it. */
function cross(thrown: unknown): unknown {
  return decodeThrown(structuredClone(encodeThrown(thrown)));
}

const crossed = (error: Error): Loose => cross(error) as Loose;

test.each([TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, Error])(
  'the class of the language stays what it is (%p)',
  (Class) => {
    const error = crossed(new Class('message'));
    expect(error).toBeInstanceOf(Class);
    expect(error.constructor).toBe(Class);
    expect([error.name, error.message]).toEqual([Class.name, 'message']);
    expect(Object.keys(error)).toEqual([]);
  },
);

test('a class of the program: its name, and the nearest class that is known here', () => {
  class HttpError extends TypeError {
    override name = 'HttpError';
    get code(): string {
      return 'E_HTTP';
    }
  }
  class NotFoundError extends HttpError {}
  const error = crossed(new NotFoundError('gone'));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.constructor.name).toBe('NotFoundError');
  // `code` may stand on the prototype.
  expect(error).toMatchObject({ name: 'HttpError', code: 'E_HTTP', message: 'gone' });
  expect(error.stack).toMatch(/error-codec\.test/);
});

test('cause, errors and suppressed come along, to any depth, also in circles', () => {
  const root = new Error('root', { cause: new TypeError('cause') });
  (root.cause as Error).cause = root;
  const both = new AggregateError([root, 'text', root.cause], 'both');
  suppress(both, [new RangeError('later'), 5]);
  const error = crossed(both) as unknown as AggregateError;
  const [first, text, second] = error.errors as [Loose, string, Loose];
  expect([first.message, text, second.message]).toEqual(['root', 'text', 'cause']);
  expect(first.cause).toBe(second);
  expect(second.cause).toBe(first);
  expect(second).toBeInstanceOf(TypeError);
  expect(Object.keys(error)).toEqual([]);
  expect(suppressedErrors(error)).toMatchObject([{ name: 'RangeError', message: 'later' }, 5]);
});

test('a SuppressedError, where there are such, keeps both', () => {
  const made = Object.assign(new Error('two'), {});
  Object.defineProperty(made, 'error', { value: new Error('a') });
  Object.defineProperty(made, 'suppressed', { value: new Error('b') });
  expect(crossed(made)).toMatchObject({ error: { message: 'a' }, suppressed: { message: 'b' } });
});

test('a DOMException is one', () => {
  const error = crossed(new DOMException('too slow', 'TimeoutError'));
  expect(error).toBeInstanceOf(DOMException);
  expect([error.name, error.message, error['code']]).toEqual(['TimeoutError', 'too slow', 23]);
});

test('own properties come along if they are data; others as they look', () => {
  const error = Object.assign(new Error('with things'), {
    list: [1, new Date(0)],
    map: new Map([[1, { a: undefined }]]),
    bytes: new Uint8Array([1, 2]),
    errors: [new TypeError('one of a list')],
    call: () => 1,
    symbol: Symbol('sym'),
    server: new (class Server {
      port = 80;
    })(),
    holder: { call: () => 1 },
  });
  const got = crossed(error);
  expect(got).toMatchObject({
    list: [1, new Date(0)],
    map: new Map([[1, { a: undefined }]]),
    bytes: new Uint8Array([1, 2]),
    errors: [{ name: 'TypeError', message: 'one of a list' }],
    symbol: 'Symbol(sym)',
    holder: '{ call: [Function: call] }',
  });
  expect(got['server']).toMatch(/^Server/);
  expect(got).not.toHaveProperty('call');
  expect(Object.keys(got)).toContain('list');
});

test('what throws when it is looked at, or is no text, does no harm', () => {
  const error = new Error('odd');
  Object.defineProperty(error, 'bad', {
    enumerable: true,
    get() {
      throw new Error('not to be read');
    },
  });
  Object.defineProperty(error, 'stack', { value: 5 });
  Object.defineProperty(error, 'name', { value: null });
  expect(crossed(error)).toMatchObject({ message: 'odd', name: 'Error' });
  const proxy: unknown = new Proxy(new Error('behind a proxy'), {
    ownKeys() {
      throw new Error('no keys');
    },
  });
  expect((cross(proxy) as Error).message).toBe('behind a proxy');
});

test('there are bounds: many thousand causes, properties, characters', () => {
  let chain = new Error('0');
  for (let i = 1; i < 10_000; i += 1) chain = new Error(String(i), { cause: chain });
  let count = 0;
  const first: unknown = crossed(chain);
  for (let error = first; error instanceof Error; error = error.cause) count += 1;
  expect(count).toBe(200);

  const wide = new AggregateError(Array.from({ length: 10_000 }, (_, i) => new Error(String(i))));
  expect((crossed(wide)['errors'] as unknown[]).length).toBe(200);
  const names = Array.from({ length: 10_000 }, (_, i) => [`p${i}`, i] as const);
  const many = Object.assign(new Error('many'), Object.fromEntries(names));
  expect(Object.keys(crossed(many)).length).toBe(100);
  expect(crossed(new Error('x'.repeat(1_000_000))).message.length).toBe(100_001);
});

test.each([['a text'], [undefined], [null], [5n], [{ a: [1] }]])(
  'what is no error comes as it is: %p',
  (value) => {
    expect(cross(value)).toEqual(value);
  },
);

test('what is no error and cannot be sent comes as it looks', () => {
  expect(cross(() => 1)).toBe('[Function (anonymous)]');
  expect(cross(Symbol('s'))).toBe('Symbol(s)');
});

test('what stands before an error, and throws whatever it is asked, crosses as a value', () => {
  const trap = (): never => {
    throw new Error('do not touch');
  };
  const evil = new Proxy(new Error('inside'), { get: trap, has: trap, getPrototypeOf: trap });
  expect(() => cross(evil)).not.toThrow();
});
