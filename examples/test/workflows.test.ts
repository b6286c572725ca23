import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(__dirname, '../../.github/workflows');
const workflows = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(join(folder, name), 'utf8'),
}));

test.each(workflows)('$name pins each action by commit, with its version beside it', ({ text }) => {
  const used = [...text.matchAll(/^ *(?:- )?uses: (.*)$/gm)].map(([, action = '']) => action);
  const foreign = used.filter((action) => !action.startsWith('./'));
  expect(used.length).toBeGreaterThan(0);
  for (const action of foreign) {
    expect(action).toMatch(/^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  }
});

test.each(workflows)('$name uses one commit of each action', ({ text }) => {
  const pinned = [...text.matchAll(/uses: ([\w./-]+)@(\S+)/g)].map(([, action, commit]) => ({
    action,
    commit,
  }));
  for (const { action, commit } of pinned) {
    const others = pinned.filter((each) => each.action === action);
    expect(new Set(others.map((each) => each.commit))).toEqual(new Set([commit]));
  }
});

// Code that runs in a job can read its secrets. A token that lives longer than the job could be used after it.
test.each(workflows)('$name has no secret, and no token for npm', ({ text }) => {
  expect(text).not.toMatch(/secrets\.|NPM_TOKEN|NODE_AUTH_TOKEN/);
});

test.each(workflows)(
  '$name grants no more than reading, except in jobs that say so',
  ({ text }) => {
    expect(text).toMatch(/^permissions:\n {2}contents: read\n/m);
  },
);
