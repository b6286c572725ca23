// #region home
import { gather, moveOnAfter, run, sleep, timeout } from '@ambit/core';

await run(async () => {
  const [text, image, advert] = await timeout(1000, () =>
    gather([
      () => download('text', 20),
      () => download('image', 30),
      () => moveOnAfter(40, () => download('advert', 60_000)),
    ]),
  );
  console.log(text, image, advert ?? 'no advert in time');
});

function download(what: string, ms: number): Promise<string> {
  return sleep(ms, { value: what });
}
// #endregion home
