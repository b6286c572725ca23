import { Barrier, Broadcast, channel, Queue } from '@ambit/sync';

const depth = Error.stackTraceLimit;

async function reasonsOf(waits: readonly Promise<unknown>[]): Promise<Error[]> {
  const settled = await Promise.allSettled(waits);
  return settled.map((one) => (one as PromiseRejectedResult).reason as Error);
}

/** Three waits, and what ends them with errors. */
const endings: Record<string, () => { waits: Promise<unknown>[]; closeIt: () => void }> = {
  'Queue.shutdown, who gets': () => {
    const queue = new Queue<number>();
    return { waits: three(() => queue.get()), closeIt: () => queue.shutdown() };
  },
  'Queue.shutdown, who puts': () => {
    const queue = new Queue<number>({ capacity: 1 });
    queue.tryPut(0);
    return { waits: three(() => queue.put(1)), closeIt: () => queue.shutdown() };
  },
  'SendChannel.close, who receives': () => {
    const [sender, receiver] = channel<number>();
    return { waits: three(() => receiver.receive()), closeIt: () => sender.close() };
  },
  'ReceiveChannel.close, who sends': () => {
    const [sender, receiver] = channel<number>();
    return { waits: three(() => sender.send(1)), closeIt: () => receiver.close() };
  },
  'SendChannel.close, who sends by it': () => {
    const [sender] = channel<number>();
    return { waits: three(() => sender.send(1)), closeIt: () => sender.close() };
  },
  'ReceiveChannel.close, who receives by it': () => {
    const [, receiver] = channel<number>();
    return { waits: three(() => receiver.receive()), closeIt: () => receiver.close() };
  },
  'Broadcast.close, who publishes': () => {
    const broadcast = new Broadcast<number>({ capacity: 1, onLag: 'wait' });
    broadcast.subscribe();
    void broadcast.publish(0);
    return { waits: three(() => broadcast.publish(1)), closeIt: () => broadcast.close() };
  },
  'Barrier.abort': () => {
    const barrier = new Barrier(9);
    return { waits: three(() => barrier.wait()), closeIt: () => barrier.abort() };
  },
};

function three(wait: () => Promise<unknown>): Promise<unknown>[] {
  return [wait(), wait(), wait()];
}

test.each(Object.entries(endings))(
  '%s: each gets an error of its own, whose stack says who closed it',
  async (_, prepare) => {
    const { waits, closeIt } = prepare();
    closeIt();
    const [first, second, third] = await reasonsOf(waits);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(first?.stack).toContain('closeIt');
    expect([second?.stack, third?.stack]).toEqual([first?.stack, first?.stack]);
    expect(first?.stack).toContain(first?.message);
    expect(Error.stackTraceLimit).toBe(depth);
  },
);
