// A bounded queue between one fast producer and two slow consumers.
//
//   npm run example -- producer-consumer
//
// The queue holds two photos. When it is full the producer waits (back-pressure). When all photos have been processed, the queue is
// shut down, and the loops of the consumers end.
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
