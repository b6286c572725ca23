import { setTimeout as pause } from 'node:timers/promises';
import { gather } from '@ambit/core';

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
console.log(await gather([() => load('x', 9), () => load('y')]));
console.log(await gather(names.map((name, index) => () => load(name, 5 * (3 - index)))));
console.log(
  await gather(
    names.map((name) => async () => {
      const big = await load(name);
      return big + big;
    }),
  ),
);
console.log(await gather(names.map(({ length }) => async () => ({ length }))));
console.log(await gather([() => load('then').then((text) => text.length), () => load('z')]));

const begun = load('begun');
let count = 1;
count += 1;
// ambit-codemods: left, because some promises of Promise.all have begun elsewhere, or are values
console.log(await Promise.all([begun, load('w')]));
// ambit-codemods: left, because the function of `map` is not written in place
console.log(await Promise.all(names.map(load)));
console.log(await gather([() => load(`n${count}`)]));
// ambit-codemods: left, because an element of Promise.all waits or assigns
console.log(await Promise.all([load(await load('inner'))]));
console.log(await gather([]));
console.log(log.join(' '));
try {
  await gather(
    names.map((name) => () => (name === 'b' ? Promise.reject(new Error(name)) : load(name))),
  );
} catch (error) {
  console.log(error.message);
}
