// @ts-check
import { join } from 'node:path'
import { defineConfig } from 'vite'

const root = join(import.meta.dirname, '..')

/**
 * Builds src/console into dist/console. Scripts and styles are files of their own, with hashed names: the
 * Content-Security-Policy of the server allows nothing inline.
 */
export default defineConfig({
  root: join(root, 'src', 'console'),
  base: '/console/',
  cacheDir: join(root, 'node_modules', '.cache', 'vite'),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(root, 'dist', 'console'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    reportCompressedSize: false,
  },
})
