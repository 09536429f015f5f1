import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ingressOf, post, running, scratchFolder, streamvane } from '../support/streamvane.js'

const LIMIT_MS = 120_000

const setUp = async () => {
  const dir = await scratchFolder()
  const made = await streamvane(['audit', 'keygen', '--out', join(dir, 'key'), '--name', 'acme.example/streamvane'])
  const config = join(dir, 'streamvane.yaml')
  const audit = `audit: { key: { file: ${join(dir, 'key')} }, everyMs: 1000 }`
  writeFileSync(
    config,
    [`data: ${join(dir, 'data')}`, 'ingress: { port: 0 }', 'clock: { mode: event-time }', audit].join('\n'),
  )
  const { stdout } = await streamvane(['simulate', '--seed', '1', '--hours', '1', '--out', '-'])
  return {
    dir,
    config,
    verifierKey: made.stdout.trim(),
    lines: stdout
      .split('\n')
      .filter((line) => line !== '')
      .slice(0, 400),
  }
}

describe('the audit commands', () => {
  test(
    'seal while events come in, export, and find one flipped byte with nothing but the file and the key',
    { timeout: LIMIT_MS },
    async () => {
      const { dir, config, verifierKey, lines } = await setUp()
      const run = running(['run', '--config', config])
      const url = await ingressOf(run)
      await post(url, lines.slice(0, 200))
      await run.said('audit: a head was signed')
      await post(url, lines.slice(200))
      run.kill('SIGTERM')
      expect((await run.ended).code).toBe(0)
      const sealed = await streamvane(['audit', 'seal', '--config', config, '--json'])
      expect(sealed).toMatchObject({ code: 0 })

      const file = join(dir, 'acme.svaudit')
      expect(await streamvane(['audit', 'export', '--config', config, '--out', file])).toMatchObject({ code: 0 })
      const elsewhere = { env: { HOME: dir } }
      const whole = await streamvane(['audit', 'verify', file, '--key', verifierKey, '--json'], elsewhere)
      expect(whole).toMatchObject({ code: 0 })
      const { trees } = JSON.parse(whole.stdout) as { trees: readonly { tree: string; to: number }[] }
      expect(trees.map(({ tree }) => tree)).toEqual(['raw', 'control', 'kpi-g1'])
      expect(trees[0]!.to).toBeGreaterThanOrEqual(lines.length)

      const bytes = readFileSync(file)
      const at = Math.floor(bytes.length / 2)
      bytes[at]! ^= 1
      writeFileSync(join(dir, 'flipped.svaudit'), bytes)
      const flipped = await streamvane([
        'audit',
        'verify',
        join(dir, 'flipped.svaudit'),
        '--key',
        verifierKey,
        '--json',
      ])
      expect(flipped).toMatchObject({ code: 5 })
      const [finding] = (JSON.parse(flipped.stdout) as { findings: readonly { offset: number; bytes: number }[] })
        .findings
      expect(finding!.offset).toBeLessThanOrEqual(at)
      expect(finding!.offset + finding!.bytes).toBeGreaterThan(at)
    },
  )

  test('a row that lies in the log is proved by a file of its own', { timeout: LIMIT_MS }, async () => {
    const { dir, config, verifierKey, lines } = await setUp()
    await streamvane(['import', '-', '--config', config], { stdin: lines.join('\n') })
    expect(await streamvane(['run', '--until-caught-up', '--config', config])).toMatchObject({ code: 0 })
    const rows = await streamvane(['rows', '--family', 'queue', '--config', config, '--json'])
    const row = JSON.parse(rows.stdout.split('\n')[0]!) as { key: string; revision: number }
    const proof = join(dir, 'row.tlog-proof')
    const made = ['audit', 'prove', '--row', row.key, '--revision', String(row.revision), '--out', proof]
    expect(await streamvane([...made, '--config', config])).toMatchObject({ code: 0 })
    const read = await streamvane(['audit', 'verify', '--proof', proof, '--key', verifierKey, '--json'])
    expect(JSON.parse(read.stdout)).toMatchObject({ holds: true, content: { key: row.key, revision: row.revision } })
  })

  test('verify without a key, and of a file that is not there, is wrong usage', async () => {
    expect(await streamvane(['audit', 'verify', '/nowhere', '--key', '/nowhere/key'])).toMatchObject({ code: 2 })
    expect(await streamvane(['audit', 'verify', '/nowhere'])).toMatchObject({ code: 2 })
  })
})
