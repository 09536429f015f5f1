import { expect, test } from 'vitest'
import { Names } from '../../src/app/names.js'
import { changeConfiguration } from '../../src/app/operations/imports/import-configuration.js'
import { memoryLog } from '../../src/log/memory-log.js'

const DAY = Date.UTC(2026, 0, 5)

const queue = (name: string | null, at: number) => ({
  type: 'QueueConfigured' as const,
  ...{ queueId: 'q1', at, name, serviceLevel: {}, acw: null },
})

test('a queue and a presence have the newest name that the configuration says; nothing else has a name', async () => {
  const log = memoryLog()
  const options = { tenant: 't', source: 'test', now: 0, dryRun: false }
  const presence = { presenceId: 'p1', at: DAY, systemPresence: 'BREAK', name: 'Lunch', deactivated: false }
  await changeConfiguration(
    log,
    [queue('Old', DAY), queue('Sales', DAY + 1), queue(null, DAY + 2), { type: 'PresenceDefined', ...presence }],
    options,
  )
  const names = new Names(log, 't')
  expect(await names.of('queueId', 'q1')).toBe('Sales')
  expect(await names.of('state', 'p1')).toBe('Lunch')
  expect(await names.of('queueId', 'q2')).toBeUndefined()
  expect(await names.of('userId', 'u1')).toBeUndefined()
  expect(await names.of('queueId', null)).toBeUndefined()
})

test('without a raw log nothing has a name', async () => {
  expect(await new Names(undefined, 't').of('queueId', 'q1')).toBeUndefined()
})
