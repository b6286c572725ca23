import * as path from 'node:path';
import { node } from '../node.ts';

/** The page of `ambit web`, whose style and script a browser takes for ours by the nonce. */
export function pageWith(nonce: string): string {
  const [page, style, script] = ['html', 'css', 'js'].map(read) as [string, string, string];
  // By functions: a `$&` in what is put in would be replaced itself.
  return page
    .replace('<style></style>', () => `<style nonce="${nonce}">\n${style}</style>`)
    .replace(
      '<script></script>',
      () => `<script type="module" nonce="${nonce}">\n${script}</script>`,
    );
}

/** They are beside the file that was started, bin/ambit.mjs, to which a link in node_modules/.bin leads. */
function read(kind: string): string {
  const program = node.fs.realpathSync(process.argv[1] ?? '');
  return node.fs.readFileSync(path.join(path.dirname(program), 'page', `page.${kind}`), 'utf8');
}
