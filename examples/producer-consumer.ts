// A bounded queue between one who is fast and two who are slow.
//
//   node examples/dist/producer-consumer.js
//
// The queue holds two photos. When it is full the producer waits, so that however long the day is, no more
// than two lie around: back-pressure. When all photos have been dealt with, the queue is shut down, and the
// loops of those who take from it end.
import { run, sleep } from '@ambit/core';
import { Queue } from '@ambit/sync';

const photos = new Queue<string>({ capacity: 2, name: 'photos' });

await run(async (group) => {
  group.spawn(() => develop('Ann'), { name: 'Ann' });
  group.spawn(() => develop('Bob'), { name: 'Bob' });

  for (let number = 1; number <= 7; number += 1) {
    if (photos.full) console.log(`         two are waiting; photo ${number} has to wait as well`);
    await photos.put(`photo ${number}`);
  }
  await photos.join(); // until each of them is done
  photos.shutdown(); // ends the two loops
});

console.log('all developed');

async function develop(name: string): Promise<void> {
  for await (const photo of photos) {
    console.log(`${name} takes ${photo}`);
    await sleep(30);
    photos.taskDone();
  }
  console.log(`${name} goes home`);
}
