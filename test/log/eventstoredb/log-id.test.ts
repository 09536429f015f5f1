import { expect, test } from 'vitest'
import { LogUnavailable } from '../../../src/log/event-log.js'
import { logOn, memoryServer } from './rig.js'

test('of several that ask a new server for the id of its log at once, all get the same', async () => {
  const on = await memoryServer()
  const logs = Array.from({ length: 5 }, () => logOn(on))
  expect(new Set(await Promise.all(logs.map((log) => log.id()))).size).toBe(1)
})

test('two servers hold two logs', async () => {
  const [one, other] = [logOn(await memoryServer()), logOn(await memoryServer())]
  expect(await one.id()).not.toBe(await other.id())
})

test('the id survives an answer that is lost', async () => {
  const on = await memoryServer()
  on.faults.loseAnswers = 1
  const log = logOn(on)
  const id = await log.id()
  expect(await logOn(on).id()).toBe(id)
})

test('where the id is not there and may not be written, the error says which stream is meant', async () => {
  const on = await memoryServer()
  on.faults.readOnly = true
  const asking = logOn(on).id()
  await expect(asking).rejects.toBeInstanceOf(LogUnavailable)
  await expect(asking).rejects.toThrow(/streamvane\.log-id.*may write to that stream/)
})
