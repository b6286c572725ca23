export interface Program {
  readonly title: string;
  readonly code: string;
}

/** Bodies of `run(async (group) => { … })`, with all names of `@ambit/core` and `@ambit/sync` at hand, and `log`. */
export const programs: readonly Program[] = [
  {
    title: 'A group of tasks',
    code: `// The run ends when all of its tasks have ended.
for (const [name, ms] of [['tea', 1500], ['toast', 2500], ['eggs', 3500]]) {
  group.spawn(async () => {
    log('begin ' + name);
    await sleep(ms);
    log(name + ' is ready');
  }, { name });
}`,
  },
  {
    title: 'A failure cancels the others',
    code: `// gather waits for the cleanup of b before it throws.
async function write(name, ms) {
  try {
    await sleep(ms);
    if (name === 'a') throw new Error('disk full');
    log(name + ' is written');
  } finally {
    await shield(() => sleep(600));
    log(name + ' is closed');
  }
}

try {
  await gather({ a: () => write('a', 1500), b: () => write('b', 5000) });
} catch (error) {
  log('caught: ' + error.message);
}`,
  },
  {
    title: 'A time limit',
    code: `try {
  await timeout(2000, async () => {
    log('this takes a minute');
    await sleep(60000);
  });
} catch (error) {
  log(error.name + ': ' + error.message);
}
const nothing = await moveOnAfter(1000, () => sleep(60000, { value: 'late' }));
log('no error, but ' + nothing);`,
  },
  {
    title: 'A race',
    code: `async function mirror(name, ms) {
  try {
    await sleep(ms);
    return name;
  } finally {
    log(name + ': connection closed');
  }
}

const winner = await race([() => mirror('near', 1200), () => mirror('far', 60000)]);
log(winner + ' was first');`,
  },
  {
    title: 'A few at a time',
    code: `const sizes = await concurrentMap(
  ['a', 'bb', 'ccc', 'dddd', 'eeeee', 'ffffff'],
  async (file) => {
    log('read ' + file);
    await sleep(900);
    return file.length;
  },
  { limit: 2 },
);
log('sizes: ' + sizes);`,
  },
  {
    title: 'A starting gun',
    code: `const gun = new Event({ name: 'gun' });
for (const [name, ms] of [['ann', 900], ['ben', 1400], ['cem', 600]]) {
  group.spawn(async () => {
    await gun.wait();
    log(name + ' runs');
    await sleep(ms);
    log(name + ' is there');
  }, { name });
}
await sleep(1000);
log('bang');
gun.set();`,
  },
  {
    title: 'A queue and two workers',
    code: `const queue = new Queue({ capacity: 2 });
for (const name of ['first worker', 'second worker']) {
  group.spawn(async () => {
    for (;;) {
      const job = await queue.get();
      log(name + ' takes ' + job);
      await sleep(700);
      queue.taskDone();
    }
  }, { name, daemon: true });
}
for (let job = 1; job <= 6; job += 1) {
  await queue.put('job ' + job);
}
await queue.join();
log('all done');`,
  },
  {
    title: 'A lock',
    code: `const lock = new Lock({ name: 'printer' });
for (const name of ['ann', 'ben', 'cem']) {
  group.spawn(async () => {
    const held = await lock.acquire();
    try {
      log(name + ' prints');
      await sleep(1200);
    } finally {
      held[Symbol.dispose]();
    }
    log(name + ' is done');
  }, { name });
}`,
  },
];
