import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { simulate } from '../src/simulator/simulate.js'

/**
 * Makes a fixture of the present version: `npx tsx dev/write-data-folder.ts test/fixtures/data-folder-of-1.2.0.tar.gz`.
 *
 * The archive holds `data` (half an hour of a small centre: taken in, computed, published to files), the rows as this
 * version prints them (`<family>-rows.ndjson`), and events that come after (`later.ndjson`). The upgrade tests of later
 * versions open it. Make one with each release that changes what lies in a data folder, and list it in
 * `test/support/older-folders.ts`.
 */
const [, , target] = process.argv
if (target === undefined) throw new Error('name the archive: npx tsx dev/write-data-folder.ts FILE.tar.gz')

const MAIN = join(import.meta.dirname, '../src/cli/main.ts')
const FROM = Date.parse('2026-01-05T06:00:00Z')
const folder = mkdtempSync(join(tmpdir(), 'streamvane-folder-'))
const data = join(folder, 'data')

const run = (...args: readonly string[]): string =>
  execFileSync(process.execPath, ['--import', 'tsx', MAIN, ...args, '--data', data, '--log-level', 'silent'], {
    encoding: 'utf8',
    env: { ...process.env, KAFKA_BROKERS: '' },
  })

try {
  const lines = [...simulate({ seed: 17, fromMs: FROM, hours: 0.5, queues: 2, agents: 6 })].map(({ line }) => line)
  const cut = Math.floor(lines.length * 0.8)
  const [now, later] = [lines.slice(0, cut), lines.slice(cut)]
  const first = join(folder, 'first.ndjson')
  writeFileSync(first, `${now.join('\n')}\n`)
  writeFileSync(join(folder, 'later.ndjson'), `${later.join('\n')}\n`)
  run('import', first)
  run('run', '--until-caught-up')
  rmSync(first)
  for (const family of ['queue', 'agent', 'agent-state'])
    writeFileSync(join(folder, `${family}-rows.ndjson`), run('rows', '--family', family, '--json'))
  const owner = ['--owner=0', '--group=0', '--sort=name', '--mtime=2026-01-05']
  const ofThisMachine = ['--exclude=lock.mdb', '--exclude=*-lock', '--exclude=pulse']
  execFileSync('tar', [...owner, ...ofThisMachine, '-czf', resolve(target), '-C', folder, '.'])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
