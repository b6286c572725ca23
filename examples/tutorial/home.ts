// #region home
import { gather, moveOnAfter, run, sleep, timeout } from '@ambit/core';

await run(async () => {
  const page = await timeout(1000, () =>
    gather({
      text: () => sleep(20, { value: 'text' }), // a download, say
      image: () => sleep(30, { value: 'image' }),
      advert: () => moveOnAfter(40, () => sleep(60_000, { value: 'advert' })),
    }),
  );
  console.log(page.text, page.image, page.advert ?? 'no advert in time');
});
// #endregion home
