import { existsSync, watch } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { running, streamvane } from '../support/streamvane.js'

type Shown = Readonly<{
  phase: string
  differences: readonly Readonly<{ family: string; changed: number; added: number; withdrawn: number; same: number }>[]
}>

test('a rebuild that is killed leaves the live generation as it is; resumed, it ends with the same rows; retired, it leaves nothing', async () => {
  const data = await mkdtemp(join(tmpdir(), 'streamvane-killed-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const done = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await streamvane([...args, '--data', data])
    expect(code, stderr).toBe(0)
    return stdout
  }
  const file = join(data, 'day.ndjson')
  await streamvane(['simulate', '--seed', '4', '--hours', '2', '--out', file])
  await done('import', file)
  await done('run', '--until-caught-up')

  const log = watch(join(data, 'log'))
  const begun = new Promise<void>((resolve) => log.on('change', (_, name) => name === 'kpi-g2' && resolve()))
  const rebuilding = running(['rebuild', '--data', data])
  await begun
  rebuilding.kill('SIGKILL')
  await rebuilding.ended
  log.close()

  const resumed = await streamvane(['projections', 'rebuild', '--resume', 'g2', '--data', data])
  expect(resumed.code, resumed.stderr).toBe(0)
  const { phase, differences } = JSON.parse(await done('projections', 'show', 'g2', '--json')) as Shown
  expect(phase).toBe('complete')
  expect(differences.length).toBeGreaterThan(0)
  for (const each of differences) expect(each).toMatchObject({ changed: 0, added: 0, withdrawn: 0 })

  await done('projections', 'retire', 'g2', '--yes')
  expect(existsSync(join(data, 'log', 'kpi-g2'))).toBe(false)
}, 240_000)
