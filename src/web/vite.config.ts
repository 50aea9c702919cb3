/** Builds the viewer's pages into dist/web: hashed assets, nothing inlined, nothing fetched from elsewhere. */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: folder('./viewer'),
  publicDir: folder('./viewer/public'),
  plugins: [react()],
  build: {
    outDir: folder('../../dist/web'),
    emptyOutDir: true,
    target: 'es2022',
    // Small files stay files, so that the content security policy need not allow data: for anything but images.
    assetsInlineLimit: 0,
    // The player engine is one lazily loaded chunk of about 500 kB.
    chunkSizeWarningLimit: 600,
  },
});
