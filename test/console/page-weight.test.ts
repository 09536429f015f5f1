import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { scratchFolder } from '../support/streamvane.js'

const ROOT = join(import.meta.dirname, '../..')
const ALL_MAX_BYTES = 500_000

test('all files of the built console together weigh less than 500 kB by gzip, and none is inline', async () => {
  const folder = await scratchFolder()
  const build = spawn(
    process.execPath,
    [
      'node_modules/vite/bin/vite.js',
      'build',
      '--config',
      'dev/console-vite.mjs',
      '--outDir',
      folder,
      '--logLevel',
      'warn',
    ],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
  )
  expect(await once(build, 'exit')).toEqual([0, null])
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  const weight = files.reduce(
    (sum, { parentPath, name }) => sum + gzipSync(readFileSync(join(parentPath, name))).length,
    0,
  )
  expect(weight).toBeGreaterThan(10_000)
  expect(weight).toBeLessThan(ALL_MAX_BYTES)
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  expect(page).not.toMatch(/<style|style=|<script(?![^>]* src=)/)
})
