// Which files are rewritten: the app's own, and those of @ambit whose build is not rewritten already.

const SOURCE = /\.[cm]?[jt]sx?$|\.(?:vue|svelte)$/;
const PACKAGES = /[\\/]node_modules[\\/]/;
/**
 * The build of Ambit's packages that is rewritten already. A workspace links packages by their real paths, and a plugin may have
 * printed the code anew by then, without the comment that marks it.
 */
const REWRITTEN = /[\\/](?:core|sync)[\\/]dist[\\/](?:production[\\/])?explicit[\\/]/;

/** @param {{ include?: FilterPattern; exclude?: FilterPattern }} options */
export function createFilter({ include, exclude }) {
  const isIncluded = include === undefined ? isOwn : matcherOf(include);
  const isExcluded = exclude === undefined ? () => false : matcherOf(exclude);
  return (id) => {
    const path = id.split('?')[0];
    return isIncluded(path) && !isExcluded(path) && !REWRITTEN.test(path);
  };
}

function isOwn(path) {
  return SOURCE.test(path) && !PACKAGES.test(path) && !path.startsWith('\0');
}

function matcherOf(pattern) {
  const each = [pattern].flat().map((one) => {
    if (one instanceof RegExp)
      return (path) => new RegExp(one.source, one.flags.replace(/[gy]/g, '')).test(path);
    if (typeof one !== 'string')
      throw new TypeError(
        `a pattern of include or exclude is ${String(one)}; give a string or a RegExp`,
      );
    const glob = globOf(one);
    return (path) => glob.test(path.replaceAll('\\', '/'));
  });
  return (path) => each.some((matches) => matches(path));
}

/** `**` for any directories, `*` within a name, `?` for a character; a pattern without `/` in front matches anywhere below. */
function globOf(pattern) {
  const parts = pattern.split(/(\*\*\/|\*\*|\*|\?)/).map((part) => PARTS[part] ?? escaped(part));
  return new RegExp(`(?:^|/)${parts.join('').replace(/^\//, '')}$`);
}

const PARTS = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };
const escaped = (text) => text.replaceAll(/[$()+.[\\\]^{|}]/g, '\\$&');
