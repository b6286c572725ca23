import { groupNeedsJoin } from './rules/group-needs-join.mjs';
import { noBeta } from './rules/no-beta.mjs';
import { noSwallowedCancellation } from './rules/no-swallowed-cancellation.mjs';
import { noUnownedTask } from './rules/no-unowned-task.mjs';
import { returnAwaitUnderUsing } from './rules/return-await-under-using.mjs';

const plugin = {
  meta: { name: '@ambit/eslint-plugin', version: '0.0.0', namespace: '@ambit' },
  rules: {
    'no-unowned-task': noUnownedTask,
    'group-needs-join': groupNeedsJoin,
    'no-swallowed-cancellation': noSwallowedCancellation,
    'return-await-under-using': returnAwaitUnderUsing,
    'no-beta': noBeta,
  },
};

export const { meta, rules } = plugin;

/** `recommended`: all rules that find mistakes, as errors; beta names as warnings. Type information is used where the configuration has it. */
export const configs = {
  recommended: {
    name: '@ambit/recommended',
    plugins: { '@ambit': plugin },
    rules: Object.fromEntries(
      Object.entries(rules).map(
        ([
          name,
          {
            meta: { type },
          },
        ]) => [`@ambit/${name}`, type === 'problem' ? 'error' : 'warn'],
      ),
    ),
  },
};

// ESLint takes a plugin as one object.
export default { ...plugin, configs };
