import { groupNeedsJoin } from './rules/group-needs-join.mjs';
import { noBeta } from './rules/no-beta.mjs';
import { noSwallowedCancellation } from './rules/no-swallowed-cancellation.mjs';
import { noUnownedTask } from './rules/no-unowned-task.mjs';
import { returnAwaitUnderUsing } from './rules/return-await-under-using.mjs';
import { scopeAfterAwait } from './rules/scope-after-await.mjs';

const plugin = {
  meta: { name: '@ambit/eslint-plugin', version: '0.0.0', namespace: '@ambit' },
  rules: {
    'no-unowned-task': noUnownedTask,
    'group-needs-join': groupNeedsJoin,
    'no-swallowed-cancellation': noSwallowedCancellation,
    'return-await-under-using': returnAwaitUnderUsing,
    'no-beta': noBeta,
    'scope-after-await': scopeAfterAwait,
  },
};

export const { meta, rules } = plugin;

/** The rule for programs that run where nothing follows `await`. */
const FOR_BROWSERS = 'scope-after-await';

const recommended = {
  name: '@ambit/recommended',
  plugins: { '@ambit': plugin },
  rules: Object.fromEntries(
    Object.entries(rules)
      .filter(([name]) => name !== FOR_BROWSERS)
      .map(
        ([
          name,
          {
            meta: { type },
          },
        ]) => [`@ambit/${name}`, type === 'problem' ? 'error' : 'warn'],
      ),
  ),
};

/**
 * `recommended`: all rules that find mistakes, as errors; beta names as warnings. Type information is used where the configuration has it.
 * `browser`: the same, and the rule for browsers without `unplugin-ambit`.
 */
export const configs = {
  recommended,
  browser: {
    name: '@ambit/browser',
    plugins: recommended.plugins,
    rules: { ...recommended.rules, [`@ambit/${FOR_BROWSERS}`]: 'error' },
  },
};

// ESLint takes a plugin as one object.
export default { ...plugin, configs };
