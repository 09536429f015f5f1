import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { doctorCommand } from '../../src/cli/doctor.js'
import { importCommand } from '../../src/cli/import.js'
import { logCommand } from '../../src/cli/log.js'
import { masterKeysIn } from '../../src/log/encryption/master-key.js'
import { folder, masterText } from '../log/encryption/rig.js'
import { inProcess } from '../support/in-process.js'
import { linesOf } from '../support/simulated-lines.js'

let dir: string
let flags: readonly string[]
beforeEach(() => {
  dir = folder()
  mkdirSync(join(dir, 'data'))
  writeFileSync(join(dir, 'log-key'), masterText(1))
  writeFileSync(
    join(dir, 'streamvane.yaml'),
    `data: ${join(dir, 'data')}\nlog: { encryption: { key: { file: ${join(dir, 'log-key')} } } }\n`,
  )
  flags = ['--config', join(dir, 'streamvane.yaml'), '--log-level', 'silent']
})
const [oldId, newId] = [1, 2].map((n) => masterKeysIn(masterText(n))[0].id)

const imported = async (): Promise<void> => {
  writeFileSync(join(dir, 'events.ndjson'), linesOf(1))
  expect(await inProcess(importCommand(), [join(dir, 'events.ndjson'), ...flags])).toMatchObject({ code: 0 })
}
const counted = async (): Promise<unknown> => {
  const { stdout } = await inProcess(logCommand(), ['keys', '--json', ...flags])
  return JSON.parse(stdout)
}
const examined = async (): Promise<string> => (await inProcess(doctorCommand(), ['--only', 'log', ...flags])).stdout

test('a new master key takes over all data keys by rekey; doctor says so before, and the old key can go after', async () => {
  await imported()
  const before = (await counted()) as { keys: number }
  expect(before).toMatchObject({ destroyed: 0, damaged: 0, newest: oldId, byMaster: { [oldId!]: before.keys } })
  expect(before.keys).toBeGreaterThan(5)
  writeFileSync(join(dir, 'log-key'), `${masterText(2)}\n${masterText(1)}`)
  expect(await examined()).toMatch(new RegExp(`encryption: .*${before.keys} by ${oldId}[^]*streamvane log rekey`))

  const { code, stdout } = await inProcess(logCommand(), ['rekey', ...flags])
  expect([code, stdout]).toEqual([0, `${before.keys} keys are now wrapped by master key ${newId}\n`])
  writeFileSync(join(dir, 'log-key'), masterText(2))
  expect(await counted()).toMatchObject({ newest: newId, byMaster: { [newId!]: before.keys } })
  expect(await examined()).toContain(`all wrapped by master key ${newId}`)
  await imported()
})

test('the wrong master key ends a command with the id of the one that is missing, and no key is printed', async () => {
  await imported()
  writeFileSync(join(dir, 'log-key'), masterText(3))
  const { code, stderr } = await inProcess(importCommand(), [join(dir, 'events.ndjson'), ...flags])
  expect(code).toBe(4)
  expect(stderr).toContain(`is wrapped by master key ${oldId}`)
  expect(stderr).not.toContain(masterText(3))
})

test('commands of keys say where a log is not encrypted', async () => {
  const { code, stderr } = await inProcess(logCommand(), ['keys', '--data', join(dir, 'data')])
  expect([code, stderr]).toEqual([2, expect.stringContaining('log.encryption.key is not set')])
})
