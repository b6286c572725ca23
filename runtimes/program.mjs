// A program that a signal ends: it cleans up first.
import { run, shield, sleep, sleepForever } from '@ambit/core';

// What keeps a server's process alive.
const socket = setTimeout(() => undefined, 60_000);

await run(async () => {
  try {
    console.log('ready');
    await sleepForever();
  } finally {
    await shield(() => sleep(10));
    clearTimeout(socket);
    console.log('clean');
  }
});
