import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { backup } from '../../../../src/app/operations/backup/backup.js'
import { restore } from '../../../../src/app/operations/backup/restore.js'
import { LogRefused } from '../../../../src/app/pipeline/logs/log-refused.js'
import { embeddedLogs, type Logs } from '../../../../src/app/pipeline/logs/logs.js'
import { answers } from '../../../support/answers.js'
import { take } from '../../../support/pipeline.js'
import { scratchFolder } from '../../../support/streamvane.js'

const logsOf = (data: string, tenant?: string): Logs => {
  const logs = embeddedLogs(data, 'test', tenant)
  onTestFinished(() => logs.close())
  return logs
}
const written = async (data: string, tenant: string, as: string | undefined = tenant): Promise<void> => {
  const logs = logsOf(data, as)
  await take(await logs.raw('writer'), tenant, answers(2))
  await logs.close()
}

test('a data folder belongs to the tenant who writes it first, and no other reads, writes or retires there', async () => {
  const data = await scratchFolder()
  await written(data, 'acme')
  expect(readFileSync(join(data, 'tenant'), 'utf8')).toBe('acme\n')
  expect(statSync(join(data, 'tenant')).mode & 0o077).toBe(0)
  const others = logsOf(data, 'acme-eu')
  const refused = expect.objectContaining({
    message: expect.stringContaining('belongs to tenant acme, this is tenant acme-eu'),
  })
  await expect(others.raw('writer')).rejects.toEqual(refused)
  await expect(others.raw('reader')).rejects.toBeInstanceOf(LogRefused)
  await expect(others.changingControl(async () => {})).rejects.toBeInstanceOf(LogRefused)
  const ours = logsOf(data, 'acme')
  await (await ours.kpi('g1', 'writer')).append([])
  await ours.releaseKpi('g1')
  await expect(others.deleteKpi('acme-eu', 'g1')).rejects.toBeInstanceOf(LogRefused)
  expect(existsSync(join(data, 'log', 'kpi-g1', 'data.mdb'))).toBe(true)
})

test('a folder of an earlier version belongs to the tenant of its first event', async () => {
  const data = await scratchFolder()
  const earlier = embeddedLogs(data, 'test')
  await take(await earlier.raw('writer'), 'acme', answers(2))
  await earlier.close()
  expect(existsSync(join(data, 'tenant'))).toBe(false)
  await expect(logsOf(data, 'other').raw('writer')).rejects.toBeInstanceOf(LogRefused)
  await written(data, 'acme')
  expect(readFileSync(join(data, 'tenant'), 'utf8')).toBe('acme\n')
})

test('a backup of one tenant is not restored as that of another, nor over the log of another', async () => {
  const [data, to, theirs] = [await scratchFolder(), join(await scratchFolder(), 'backup'), await scratchFolder()]
  await written(data, 'acme')
  await written(theirs, 'other')
  const common = { now: Date.now, signal: new AbortController().signal, onProgress: () => {} }
  await backup({ data, to, version: 'test', ...common })
  const put = (into: string, tenant: string, force: boolean) =>
    restore({ from: to, data: into, tenant, dryRun: false, force, ...common })
  await expect(put(join(theirs, 'new'), 'other', false)).rejects.toThrow(/is of tenant acme, this is tenant other/)
  await expect(put(theirs, 'acme', true)).rejects.toThrow(/belongs to tenant other, this is tenant acme/)
  expect(existsSync(join(theirs, 'log', 'raw', 'data.mdb'))).toBe(true)
  expect(await put(join(theirs, 'new'), 'acme', false)).toMatchObject({ kind: 'restored' })
})
