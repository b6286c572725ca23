import react from '@vitejs/plugin-react';
import ambit from 'unplugin-ambit';
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  plugins: [react(), ambit.vite()],
  server: { proxy: { '/api': process.env.API ?? 'http://127.0.0.1:4173' } },
});
