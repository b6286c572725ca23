// Jobs of queue libraries as tasks: each library calls back, and `jobGroup` owns the calls.
import { sleepForever } from '@ambit/core';
import { jobGroup } from '@ambit/sync/lease';
import { Worker } from 'bullmq';
import type { ConnectionOptions } from 'bullmq';
import { run as runTasks } from 'graphile-worker';
import type { RunnerOptions } from 'graphile-worker';
import type { Consumer } from 'kafkajs';
import type { PgBoss } from 'pg-boss';

type Send = (mail: string) => Promise<void>;

// #region bullmq
/** Works on the mails of BullMQ until it is cancelled. */
export async function workOnBullMQ(
  connection: ConnectionOptions,
  send: Send,
  onStarted?: (worker: Worker<string>) => void,
): Promise<void> {
  await jobGroup(async (jobs) => {
    const worker = new Worker<string>(
      'mail',
      (job, _token, signal) =>
        jobs.run(job.id ?? job.name, () => send(job.data), signal === undefined ? {} : { signal }),
      { connection },
    );
    // BullMQ itself goes on when it cannot renew the lock of a job.
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) jobs.cancel(id);
    });
    onStarted?.(worker);
    try {
      await sleepForever();
    } finally {
      await worker.close();
    }
  });
}
// #endregion bullmq

// #region pg-boss
/** Works on the mails of pg-boss until it is cancelled. */
export async function workOnPgBoss(boss: PgBoss, send: Send): Promise<void> {
  await jobGroup(async (jobs) => {
    await boss.work<{ to: string }>('mail', async (batch) => {
      for (const { id, data, signal } of batch) {
        await jobs.run(id, () => send(data.to), { signal });
      }
    });
    try {
      await sleepForever();
    } finally {
      await boss.offWork('mail', { wait: false });
    }
  });
}
// #endregion pg-boss

// #region graphile-worker
/** Works on the mails of graphile-worker until it is cancelled. */
export async function workOnGraphile(options: RunnerOptions, send: Send): Promise<void> {
  await jobGroup(async (jobs) => {
    const runner = await runTasks({
      ...options,
      taskList: {
        mail: async (payload, { job, abortSignal }) => {
          const { to } = payload as { to: string };
          await jobs.run(job.id, () => send(to), { signal: abortSignal });
        },
      },
    });
    try {
      await sleepForever();
    } finally {
      await runner.stop();
    }
  });
}
// #endregion graphile-worker

// #region kafkajs
/** Works on the mails of a Kafka topic until it is cancelled. A heartbeat keeps the partition for the `sessionTimeout`, here `ttl`. */
export async function workOnKafka(
  consumer: Pick<Consumer, 'run' | 'stop'>,
  send: Send,
  ttl = 3000,
): Promise<void> {
  await jobGroup(async (jobs) => {
    await consumer.run({
      eachMessage: (payload) => {
        const { topic, partition, message } = payload;
        const id = `${topic}/${partition}/${message.offset}`;
        const lease = { ttl, renew: () => payload.heartbeat() };
        return jobs.run(id, () => send(String(message.value)), { lease });
      },
    });
    try {
      await sleepForever();
    } finally {
      await consumer.stop();
    }
  });
}
// #endregion kafkajs
