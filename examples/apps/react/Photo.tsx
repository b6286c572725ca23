import { useState } from 'react';
import { useAction, useTaskState } from '@ambit/core/react';
import { samplePhoto, uploadPhoto } from '../shared/api.ts';
import { uploadText } from '../shared/words.ts';

export function Photo() {
  const [percent, setPercent] = useState(0);
  const upload = useAction(
    (photo: Blob) => {
      setPercent(0);
      return uploadPhoto(photo, setPercent);
    },
    { mode: 'drop' },
  );
  const state = useTaskState(upload.last);
  return (
    <>
      <div className="actions">
        <button className="main" onClick={() => upload.perform(samplePhoto())}>
          Upload a sample
        </button>
        <label className="file">
          Choose a file
          <input
            type="file"
            onChange={({ target: { files } }) => files?.[0] && upload.perform(files[0])}
          />
        </label>
        <button disabled={!upload.isRunning} onClick={() => upload.cancel()}>
          Cancel
        </button>
      </div>
      <progress max={100} value={upload.isRunning || state === 'fulfilled' ? percent : 0} />
      <p className="status">{uploadText(state, percent)}</p>
    </>
  );
}
