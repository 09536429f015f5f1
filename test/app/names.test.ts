import { expect, test } from 'vitest'
import type { NamedKind, ObjectNamed } from '../../src/domain/fact.js'
import { Names, namesOfAll } from '../../src/app/names.js'
import { changeConfiguration } from '../../src/app/operations/imports/import-configuration.js'
import { memoryLog } from '../../src/log/memory-log.js'

const DAY = Date.UTC(2026, 0, 5)

const queue = (name: string | null, at: number) => ({
  type: 'QueueConfigured' as const,
  ...{ queueId: 'q1', at, name, serviceLevel: {}, acw: null },
})

test('queues, presences, users, skills, languages, wrap-up codes and divisions have the newest name that the log says', async () => {
  const log = memoryLog()
  const options = { tenant: 't', source: 'test', now: 0, dryRun: false }
  const presence = { presenceId: 'p1', at: DAY, systemPresence: 'BREAK', name: 'Lunch', deactivated: false }
  const named = (kind: NamedKind, objectId: string, name: string, at = DAY, gone = false): ObjectNamed => ({
    ...{ type: 'ObjectNamed', kind, objectId, at, name, gone },
  })
  await changeConfiguration(
    log,
    [
      ...[queue('Old', DAY), queue('Sales', DAY + 1), queue(null, DAY + 2)],
      { type: 'PresenceDefined', ...presence },
      ...[named('user', 'u1', 'Ann'), named('user', 'u1', 'Ann Zander', DAY + 1, true)],
      ...[named('skill', 's1', 'French'), named('language', 'l1', 'English'), named('wrapup', 'w1', 'Sold')],
      named('division', 'd1', 'Home'),
    ],
    options,
  )
  const names = new Names(log, 't')
  expect(await names.of('queueId', 'q1')).toBe('Sales')
  expect(await names.of('state', 'p1')).toBe('Lunch')
  expect(await names.of('queueId', 'q2')).toBeUndefined()
  expect(await names.of('userId', 'u1')).toBe('Ann Zander') // rows of a user who has left have a name still
  expect(await names.of('skillId', 's1')).toBe('French')
  expect(await names.of('languageId', 'l1')).toBe('English')
  expect(await names.of('wrapUpCode', 'w1')).toBe('Sold')
  expect(await names.of('divisionId', 'd1')).toBe('Home')
  expect(await names.of('userId', 'u2')).toBeUndefined()
  expect(await names.of('campaignId', 'c1')).toBeUndefined()
  expect(await names.of('queueId', null)).toBeUndefined()
})

test('without a raw log nothing has a name', async () => {
  expect(await new Names(undefined, 't').of('queueId', 'q1')).toBeUndefined()
})

test('all names of a dimension are the newest of each object', async () => {
  const log = memoryLog()
  const change = { tenant: 't', source: 'test', now: 0, dryRun: false }
  await changeConfiguration(log, [queue('Old', DAY), queue('Sales', DAY + 1), queue(null, DAY + 2)], change)
  expect(await namesOfAll(log, 't', 'queueId')).toEqual(new Map([['q1', 'Sales']]))
  expect(await namesOfAll(log, 't', 'userId')).toEqual(new Map())
  expect(await namesOfAll(undefined, 't', 'queueId')).toEqual(new Map())
})
