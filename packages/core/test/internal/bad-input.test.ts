import {
  any,
  asCompleted,
  CancelScope,
  concurrentForEach,
  concurrentMap,
  ContextVar,
  contextSnapshot,
  createTask,
  currentScope,
  defineResource,
  Future,
  gather,
  gatherSettled,
  InvalidStateError,
  LoopNotRunningError,
  moveOnAfter,
  moveOnAt,
  race,
  ResourceStack,
  retry,
  run,
  shield,
  sleep,
  sleepForever,
  Task,
  TaskGroup,
  taskGroup,
  timeout,
  timeoutAt,
  use,
  wait,
  waitFor,
} from '@ambit/core';
import { throwIfCancelled, park, ParkingLot } from '@ambit/core/lowlevel';
import { Sequencer, testRun, VirtualLoop } from '@ambit/core/testing';
import { bad, called, testRejections, testThrows } from '../support/refusals.ts';

const promise = Promise.resolve(1);

const aPromise = (where: string) =>
  `${where} is a promise, not a function; give the function itself, not what it returned when called: () => …`;
const noFunction = (where: string, value: string) => `${where} is ${value}, not a function`;

describe('what is no function, signal or option', () => {
  testRejections([
    [() => run(bad(promise)), aPromise('run: main')],
    [() => taskGroup(bad(promise)), aPromise('taskGroup: body')],
    [() => taskGroup(bad(undefined)), noFunction('taskGroup: body', 'undefined')],
    [() => new TaskGroup().start(bad(promise)), aPromise('start: fn')],
    [() => timeout(5, bad(promise)), aPromise('timeout: body')],
    [() => timeoutAt(5, bad('x')), noFunction('timeoutAt: body', '"x"')],
    [() => moveOnAfter(5, bad(promise)), aPromise('moveOnAfter: body')],
    [() => moveOnAt(5, bad({})), noFunction('moveOnAt: body', 'an object (Object)')],
    [() => shield(bad(promise)), aPromise('shield: body')],
    [() => new CancelScope().run(bad(promise)), aPromise('CancelScope.run: body')],
    [() => gather(bad([called, promise])), aPromise('gather: tasks[1]')],
    [() => gather(bad({ user: promise })), aPromise('gather: tasks[user]')],
    [
      () => gather(bad(called)),
      'gather: tasks is function called; give an array or a record of functions',
    ],
    [() => gatherSettled(bad([called, null])), noFunction('gatherSettled: tasks[1]', 'null')],
    [() => race(bad([called, promise])), aPromise('race: tasks[1]')],
    [() => race([]), 'race: there are no tasks; give at least one function'],
    [() => race(bad(5)), 'race: tasks is 5; give an array'],
    [() => any(bad([called, promise])), aPromise('any: tasks[1]')],
    [() => any([]), 'any: there are no tasks; give at least one function'],
    [() => wait([]), 'wait: there are no tasks; give at least one'],
    [() => wait(bad([called])), 'wait: function called is not a task; group.spawn() gives one'],
    [() => wait(bad(promise)), 'wait: tasks is a promise; give an array or a set of tasks'],
    [() => concurrentMap([1], bad(promise), { limit: 1 }), aPromise('concurrentMap: fn')],
    [
      () => concurrentForEach(bad(5), called, { limit: 1 }),
      'concurrentForEach: source is 5; give an iterable or an async iterable',
    ],
    [
      () => waitFor(bad(5), 5),
      'waitFor: 5 is nothing to wait for; give a function, a task or a promise',
    ],
    [() => retry(bad(promise)), aPromise('retry: fn')],
    [() => retry(called, { when: bad(true) }), noFunction('retry: when', 'true')],
    [() => retry(called, { onRetry: bad(1) }), noFunction('retry: onRetry', '1')],
    [() => use(bad(undefined), called), /use: resource is undefined.*defineResource/],
    [
      () => use(bad(defineResource(bad(called))), called),
      /use: resource is function.*call it first/,
    ],
    [() => use({ open: bad(called) }, bad(promise)), aPromise('use: body')],
    [() => new ResourceStack().enter(bad({})), /^enter: resource is an object/],
    [() => new TaskGroup().enter(bad(5)), /enter: resource is 5/],
    [() => park(bad(promise)), aPromise('park: register')],
    [
      () => new ParkingLot().park({ onAbandon: bad(1) }),
      noFunction('ParkingLot.park: onAbandon', '1'),
    ],
    [() => testRun(bad(promise)), aPromise('testRun: body')],
    [() => new Sequencer().run(0, bad(promise)), aPromise('Sequencer.run: body')],

    [
      () => sleep(5, { signal: bad(new AbortController()) }),
      'sleep: signal is an object (AbortController), not an AbortSignal; give controller.signal or scope.signal',
    ],
    [() => sleepForever({ signal: bad('x') }), 'sleepForever: signal is "x"'],
    [() => gather([called], { signal: bad(5) }), 'gather: signal is 5'],
    [() => taskGroup(called, { signal: bad({}) }), 'taskGroup: signal is an object'],
    [() => park(called as never, { signal: bad(5) }), 'park: signal is 5'],
    [() => new Future().wait({ signal: bad(5) }), 'Future.wait: signal is 5'],
    [() => gather([called], bad(5)), 'gather: options is 5; give an object, or nothing'],
    [
      () => taskGroup(called, { onFailure: bad('ignore') }),
      "taskGroup: onFailure is \"ignore\"; give 'cancel' or 'continue'",
    ],
    [() => taskGroup(called, { name: bad(5) }), 'taskGroup: name is 5, not a string'],
    [
      () => taskGroup(called, { parent: bad({}) }),
      'taskGroup: parent is an object (Object), not a CancelScope; give the scope that it is to be in',
    ],
    [
      () => retry(called, { jitter: bad('half') }),
      "retry: jitter is \"half\"; give 'full' or 'none'",
    ],
    [
      () => run(called, { signals: bad('SIGINT') }),
      'run: signals is "SIGINT"; give an array of signal names',
    ],
    [
      () => run(called, { signals: [bad('SIGFOO')] }),
      'run: signals: "SIGFOO" is no signal that can be handled; give names like \'SIGTERM\'',
    ],
    [
      () => run(called, { signals: ['SIGKILL'] }),
      'run: signals: "SIGKILL" is no signal that can be handled',
    ],
    [() => run(called, { dumpOn: bad(5) }), 'run: dumpOn: 5 is no signal'],
    [() => run(called, { loop: bad(null) }), 'run: loop is null, not an EventLoop'],
    [() => run(called, { loop: bad({}) }), 'run: loop is an object (Object), not an EventLoop'],
    [() => run(called, bad(5)), 'run: options is 5'],
  ]);

  testThrows([
    [() => createTask(bad(promise)), aPromise('createTask: fn')],
    [
      () => createTask(called),
      'createTask: there is no run() around this call',
      LoopNotRunningError,
    ],
    [() => new TaskGroup().spawn(bad(promise)), aPromise('spawn: fn')],
    [() => new TaskGroup().spawn(called, { name: bad(5) }), 'spawn: name is 5, not a string'],
    [
      () => new TaskGroup().spawn(called, bad('name')),
      'spawn: options is "name"; give an object, or nothing',
    ],
    [() => new TaskGroup().use(bad({})), /use: an object \(Object\) has neither/],
    [() => new TaskGroup().defer(bad(promise)), aPromise('defer: onDisposeAsync')],
    [() => new TaskGroup(bad(5)), 'TaskGroup: options is 5'],
    [() => new CancelScope({ signal: bad('x') }), 'CancelScope: signal is "x"'],
    [() => new CancelScope(bad('name')), 'CancelScope: options is "name"'],
    [() => new CancelScope().onCancel(bad(promise)), aPromise('CancelScope.onCancel: callback')],
    [
      () => asCompleted(bad([promise])),
      'asCompleted: one of tasks is a promise; give an array of functions or tasks',
    ],
    [() => asCompleted(bad(5)), 'asCompleted: tasks is 5; give an array of functions or tasks'],
    [() => new ContextVar(bad('name')), 'ContextVar: options is "name"'],
    [() => new ContextVar().run(1, bad(promise)), aPromise('ContextVar.run: fn')],
    [() => defineResource(bad(promise)), aPromise('defineResource: setup')],
    [() => new ResourceStack().use(bad({})), /has neither \[Symbol.asyncDispose\] nor/],
    [
      () => new ResourceStack().adopt(1, bad(promise)),
      aPromise('ResourceStack.adopt: onDisposeAsync'),
    ],
    [() => throwIfCancelled({ signal: bad(5) }), 'throwIfCancelled: signal is 5'],
    [() => new VirtualLoop(bad(5)), 'VirtualLoop: options is 5'],
    [() => contextSnapshot()(bad(5)), noFunction('contextSnapshot: fn', '5')],
  ]);
});

describe('what does not fit the state is an InvalidStateError', () => {
  // rule 78
  test('spawn and start in a group that has ended', () =>
    testRun(async () => {
      const { group: ended } = await taskGroup((group) => ({ group }), { name: 'orders' });
      expect(() => ended.spawn(called)).toThrow(InvalidStateError);
      expect(() => ended.spawn(called)).toThrow(
        'spawn: the task group "orders" has ended; spawn inside its body',
      );
      await expect(ended.start(called)).rejects.toThrow(InvalidStateError);
      expect(() => ended.defer(called)).toThrow(InvalidStateError);
      expect(() => ended.use({ [Symbol.dispose]: called })).toThrow(InvalidStateError);
    }));

  // rule 4
  test('a scope that is entered twice, inside and after', () =>
    testRun(async () => {
      const scope = new CancelScope({ name: 'once' });
      await scope.run(async () => {
        await expect(scope.run(called)).rejects.toThrow(InvalidStateError);
      });
      await expect(scope.run(called)).rejects.toThrow(
        'the CancelScope "once" was entered before; a scope is entered once',
      );
    }));

  // rule 235
  test('a second resolve', () => {
    const future = new Future<number>();
    future.resolve(1);
    expect(() => future.resolve(2)).toThrow(
      'Future.resolve: the future is fulfilled already; use tryResolve where several may settle it',
    );
  });

  test('the result of what is unfinished', () =>
    testRun((group) => {
      const task = group.spawn(() => sleep(1), { name: 'slow' });
      expect(() => task.result()).toThrow(InvalidStateError);
      expect(() => task.error()).toThrow(
        'error: the task "slow" is not finished; await it first, or look at its state',
      );
    }));

  test('started() called twice', () =>
    testRun(async (group) => {
      let refused: unknown;
      await group.start<void>(
        (_task, started) => {
          started();
          try {
            started();
          } catch (error) {
            refused = error;
          }
        },
        { name: 'server' },
      );
      expect(refused).toBeInstanceOf(InvalidStateError);
      expect(String(refused)).toMatch('started: the task "server" has called it before');
    }));
});

test('an error of the caller’s touches nothing around it', () =>
  testRun(async (group) => {
    const task = group.spawn(() => sleep(5, { value: 'untouched' }));
    await expect(gather(bad([promise]))).rejects.toThrow(TypeError);
    expect(() => group.spawn(bad(promise))).toThrow(TypeError);
    expect(currentScope().reason).toBeUndefined();
    expect(await task).toBe('untouched');
    expect(task).toBeInstanceOf(Task);
  }));
