import { defineConfig } from 'vitepress';
import { extend } from './markdown.ts';
import { sidebar } from './sidebar.ts';

export default defineConfig({
  title: 'Ambit',
  description: 'Structured concurrency for async/await',
  lang: 'en',
  head: [['link', { rel: 'icon', href: '/logo.svg', type: 'image/svg+xml' }]],
  srcExclude: ['build/**'],
  markdown: {
    config: extend,
    theme: { light: 'github-light', dark: 'github-dark' },
  },
  // The largest chunk is the index of the search, which is loaded by the first search.
  vite: { build: { chunkSizeWarningLimit: 1500 } },
  themeConfig: {
    logo: '/logo.svg',
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Tutorial', link: '/tutorial/first-group', activeMatch: '^/tutorial/' },
      { text: 'Guides', link: '/guides/', activeMatch: '^/guides/' },
      { text: 'Playground', link: '/playground' },
      { text: 'Design', link: '/design' },
      { text: 'Reference', link: '/reference/core', activeMatch: '^/reference/' },
    ],
    sidebar: sidebar(),
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'MIT license' },
  },
});
