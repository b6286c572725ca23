// A tool of your own, as docs/guides/agents.md adds it to the agent.
import { readFile, walk } from '@ambit/io';
import type { Tool } from './conversation.ts';

// #region tool
export const countWords: Tool = {
  name: 'count_words',
  description: 'Counts the words in the files of a directory.',
  input: { directory: 'its path' },
  limit: 2000,
  async run({ directory }: { directory: string }) {
    let words = 0;
    for await (const { path, entry } of walk(directory)) {
      if (entry.isFile()) words += (await readFile(path, 'utf8')).match(/\S+/g)?.length ?? 0;
    }
    return `${words} words`;
  },
};
// #endregion tool
