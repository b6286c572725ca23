// The frames of the packages come first, and there are many of them.
const DEPTH = 60;
const SHOWN = 3;

/** Returns the lines of the stack that are the user's, without those of Ambit and of Node. */
export function userFrames(): string {
  const [here = '', ...frames] = deepStack();
  const isOurs = ownFrames(here);
  return frames
    .filter((frame) => !isOurs(frame) && !frame.includes('node:'))
    .slice(0, SHOWN)
    .join('\n');
}

function deepStack(): string[] {
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  const { stack = '' } = new Error('the stack');
  Error.stackTraceLimit = depth;
  // The message is in front in V8 only.
  return stack.split('\n').filter((line) => line.trim() !== '' && line !== 'Error: the stack');
}

/** `here`: a frame of this package, which tells where the packages are. */
function ownFrames(here: string): (frame: string) => boolean {
  const [, directory] = /([^\s(]*[/\\])core[/\\](?:src|dist)[/\\]/.exec(here) ?? [];
  return (frame) => {
    if (/[/\\]@ambit[/\\](?:core|sync|io)[/\\]/.test(frame)) return true;
    if (directory === undefined || !frame.includes(directory)) return false;
    const [, rest = ''] = frame.split(directory);
    return /^(?:core|sync|io)[/\\](?:src|dist)[/\\]/.test(rest);
  };
}
