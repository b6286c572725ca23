import { groupNeedsJoin } from './rules/group-needs-join.mjs';
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
  },
};

export const { meta, rules } = plugin;

/** `recommended`: all rules, as errors. Type information is used where the configuration has it. */
export const configs = {
  recommended: {
    name: '@ambit/recommended',
    plugins: { '@ambit': plugin },
    rules: Object.fromEntries(Object.keys(rules).map((name) => [`@ambit/${name}`, 'error'])),
  },
};

// ESLint takes a plugin as one object.
export default { ...plugin, configs };
