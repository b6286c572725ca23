import vue from '@vitejs/plugin-vue';
import ambit from 'unplugin-ambit';
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  plugins: [vue(), ambit.vite()],
  server: { proxy: { '/api': process.env.API ?? 'http://127.0.0.1:4173' } },
});
