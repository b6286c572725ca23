import { sleepForever } from '@ambit/core';
import { Action } from '@ambit/core/actions';
import { samplePhoto, uploadPhoto } from '../shared/api.ts';
import { uploadText } from '../shared/words.ts';
import { part, showError } from './dom.ts';

export async function photo(section: HTMLElement): Promise<void> {
  section.insertAdjacentHTML(
    'beforeend',
    `<div class="actions">
       <button class="main">Upload a sample</button>
       <label class="file">Choose a file<input type="file"></label>
       <button class="stop">Cancel</button>
     </div>
     <progress max="100" value="0"></progress>
     <p class="status"></p>`,
  );
  const file = part(section, 'input');
  const stop = part(section, 'button.stop');
  let percent = 0;
  const send = (blob: Blob): Promise<void> => {
    percent = 0;
    return uploadPhoto(blob, (sent) => {
      percent = sent;
      show();
    });
  };
  using upload = new Action(send, {
    mode: 'drop',
    onError: (error) => showError(section, error, () => upload.perform(samplePhoto())),
  });
  const show = (): void => {
    const state = upload.last?.state;
    const isShown = upload.isRunning || state === 'fulfilled';
    part(section, 'progress').value = isShown ? percent : 0;
    part(section, '.status').textContent = uploadText(state, percent);
    stop.disabled = !upload.isRunning;
  };
  upload.subscribe(show);
  show();
  part(section, 'button.main').onclick = () => upload.perform(samplePhoto());
  file.onchange = () => file.files?.[0] && upload.perform(file.files[0]);
  stop.onclick = () => upload.cancel();
  await sleepForever();
}
