// #region group-limit
import { run, sleep, taskGroup } from '@ambit/core';

interface Folder {
  readonly name: string;
  readonly folders: readonly Folder[];
}

const tree: Folder = {
  name: 'home',
  folders: [
    { name: 'music', folders: [{ name: 'jazz', folders: [] }] },
    { name: 'texts', folders: [] },
  ],
};

await run(async () => {
  const found: string[] = [];
  await taskGroup(
    (group) => {
      const visit = async ({ name, folders }: Folder): Promise<void> => {
        await sleep(5);
        found.push(name);
        for (const folder of folders) group.spawn(() => visit(folder));
      };
      group.spawn(() => visit(tree));
    },
    { limit: 2 },
  );
  console.log(found.join(' '));
});
// #endregion group-limit
