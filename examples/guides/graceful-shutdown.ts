// #region graceful-shutdown
import { run, shield, sleep } from '@ambit/core';
import { Queue } from '@ambit/sync';

const mails = new Queue<string>({ name: 'mails' });

async function send(mail: string): Promise<void> {
  await sleep(40);
  console.log(`${mail} is sent`);
}

async function deliver(): Promise<void> {
  try {
    for await (const mail of mails) {
      await shield(() => send(mail)); // a mail that has begun is finished
    }
  } finally {
    console.log(`${mails.size} is kept for next time`);
  }
}

await run(
  async (group) => {
    group.spawn(deliver);
    for (const mail of ['one', 'two', 'three']) await mails.put(mail);
    await sleep(60);
    process.kill(process.pid, 'SIGTERM'); // as a supervisor does
    await sleep(60_000);
  },
  { grace: 5000 },
);
// #endregion graceful-shutdown
