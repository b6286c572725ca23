import { setTimeout as pause } from 'node:timers/promises';

// Which end first is the timers' choice; how many are under way when each begins is the program's.
const log = [];
let underWay = 0;

async function load(name, ms = 1) {
  underWay += 1;
  log.push(`${name} as ${underWay}`);
  await pause(ms);
  underWay -= 1;
  return name.toUpperCase();
}

const names = ['a', 'b', 'c'];
console.log(await Promise.all([load('x', 9), load('y')]));
console.log(await Promise.all(names.map((name, index) => load(name, 5 * (3 - index)))));
console.log(
  await Promise.all(
    names.map(async (name) => {
      const big = await load(name);
      return big + big;
    }),
  ),
);
console.log(await Promise.all(names.map(async ({ length }) => ({ length }))));
console.log(await Promise.all([load('then').then((text) => text.length), load('z')]));

const begun = load('begun');
let count = 1;
count += 1;
console.log(await Promise.all([begun, load('w')]));
console.log(await Promise.all(names.map(load)));
console.log(await Promise.all([load(`n${count}`)]));
console.log(await Promise.all([load(await load('inner'))]));
console.log(await Promise.all([]));
console.log(log.join(' '));
try {
  await Promise.all(
    names.map((name) => (name === 'b' ? Promise.reject(new Error(name)) : load(name))),
  );
} catch (error) {
  console.log(error.message);
}
