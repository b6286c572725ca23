// The list of decisions on the site. In the repository it is the directory itself.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

export default {
  watch: ['../decisions/[0-9]*.md'],
  load(files) {
    return files.sort().map((file) => {
      const [, title] = /^# (.*)$/m.exec(readFileSync(file, 'utf8'));
      return { title: title.replaceAll('`', ''), url: `./${basename(file, '.md')}.html` };
    });
  },
};
