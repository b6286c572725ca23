// rule 190, by search: what each subscriber sees is what a list of its own would have held.
import { CancelScope } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { Broadcast, LaggedError } from '@ambit/sync';
import type { Subscription } from '@ambit/sync';
import fc from 'fast-check';

type OnLag = 'wait' | 'drop-oldest' | 'error';

interface Model {
  readonly subscription: Subscription<number>;
  readonly unread: number[];
  missed: number;
  isOpen: boolean;
}

const move = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: 'publish' as const }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('read' as const), who: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'subscribe' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dispose' as const), who: fc.nat(5) }) },
);

const settings = fc
  .record({
    onLag: fc.constantFrom<OnLag>('wait', 'drop-oldest', 'error'),
    capacity: fc.constantFrom(1, 2, 3, Infinity),
    replay: fc.nat(3),
  })
  .map((all) => ({ ...all, replay: Math.min(all.replay, all.capacity) }));

test(
  'each subscriber sees what a list of its own would have held',
  () =>
    fc.assert(
      fc.asyncProperty(
        settings,
        fc.array(move, { maxLength: 60, size: 'medium' }),
        (options, moves) =>
          testRun(async (group) => {
            const broadcast = new Broadcast<number>(options);
            const models: Model[] = [];
            const history: number[] = [];
            let published = 0;

            const append = (item: number): void => {
              history.push(item);
              for (const model of models.filter(({ isOpen }) => isOpen)) {
                model.unread.push(item);
                if (options.onLag === 'wait' || model.unread.length <= options.capacity) continue;
                model.unread.shift();
                model.missed += 1;
              }
            };

            const publish = async (): Promise<void> => {
              published += 1;
              const item = published;
              const open = models.filter(({ isOpen }) => isOpen);
              const mustWait =
                options.onLag === 'wait' &&
                open.some(({ unread }) => unread.length >= options.capacity);
              if (!mustWait) {
                append(item);
                await broadcast.publish(item);
                return;
              }
              // It is cancelled: nobody sees it.
              const waiting = group.spawn(() => broadcast.publish(item));
              await settle();
              expect(waiting.done).toBe(false);
              waiting.cancel();
            };

            const read = async (model: Model): Promise<void> => {
              if (model.missed > 0 && options.onLag === 'error') {
                const error = await model.subscription.next().catch((reason: unknown) => reason);
                expect(error).toBeInstanceOf(LaggedError);
                expect(error).toMatchObject({ missed: model.missed });
              }
              model.missed = 0;
              if (model.unread.length > 0) {
                expect(await model.subscription.next()).toEqual({
                  done: false,
                  value: model.unread.shift(),
                });
                return;
              }
              const scope = new CancelScope();
              const next = group.spawn(() => scope.run(() => model.subscription.next()));
              await settle();
              expect(next.done).toBe(false);
              scope.cancel();
              await next;
            };

            for (const next of moves) {
              const model =
                'who' in next ? models[next.who % Math.max(models.length, 1)] : undefined;
              if (next.do === 'publish') await publish();
              else if (next.do === 'subscribe') {
                models.push({
                  subscription: broadcast.subscribe(),
                  unread: options.replay === 0 ? [] : history.slice(-options.replay),
                  missed: 0,
                  isOpen: true,
                });
              } else if (model?.isOpen === true && next.do === 'read') await read(model);
              else if (model?.isOpen === true) {
                model.subscription[Symbol.dispose]();
                model.isOpen = false;
              }
              const unread = models
                .filter(({ isOpen }) => isOpen)
                .map((each) => each.unread.length);
              expect(broadcast.statistics()).toMatchObject({
                size: Math.max(0, ...unread),
                waiting: 0,
                subscribers: unread.length,
              });
            }
            broadcast.close();
            for (const each of models.filter(({ isOpen }) => isOpen)) {
              while (each.unread.length > 0) await read(each);
              expect(await each.subscription.next()).toEqual({ done: true, value: undefined });
            }
          }),
      ),
      { numRuns: 150 },
    ),
  60_000,
);
