// #region park
import { moveOnAfter, run } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';

function nextClick(button: EventTarget): Promise<Event> {
  return park<Event>(
    (waker) => {
      const listener = (event: Event): void => void waker.wake(event);
      button.addEventListener('click', listener);
      return () => button.removeEventListener('click', listener);
    },
    { name: 'a click' },
  );
}

await run(async (group) => {
  const button = new EventTarget();
  group.spawn(() => button.dispatchEvent(new Event('click')), { name: 'user' });
  const click = group.spawn(() => nextClick(button));
  button.dispatchEvent(new Event('click'));
  console.log((await click).type);
  console.log(await moveOnAfter(10, () => nextClick(button)));
});
// #endregion park
