import path from 'node:path';
import { defineConfig } from 'vite';

/** The web console, built into dist/console, from where the service sends it. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  build: {
    outDir: path.join(import.meta.dirname, '..', 'dist', 'console'),
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows no code in its markup, and data: for images alone.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  // For `npx vite console` while a service runs on its usual port.
  server: {
    proxy: { '^/(?!console/(?!session))': { target: 'http://127.0.0.1:8000', changeOrigin: true } },
  },
});
