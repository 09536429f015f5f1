import { beforeEach, describe, expect, test } from 'vitest'
import { deadLetters } from '../../../src/app/operations/dead-letters.js'
import { erase } from '../../../src/app/operations/erase.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { rawPrefixes, userStream } from '../../../src/domain/stream-name.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { answers } from '../../support/answers.js'
import { project, rowsOf, take } from '../../support/pipeline.js'

/** The name of one begins the name of the other. */
const [OURS, THEIRS] = ['acme', 'acme-eu']

const rawStreams = async (log: EventLog, tenant: string): Promise<readonly string[]> => {
  const streams = new Set<string>()
  for await (const events of log.readAll({ prefixes: rawPrefixes(tenant) }))
    for (const { stream } of events) streams.add(stream)
  return [...streams]
}
const projected = async (log: EventLog, tenant: string) => {
  await project({ log, tenant, profile: defaultProfile })
  return rowsOf(log, tenant)
}
const withoutTenant = (rows: readonly object[]): readonly object[] => rows.map((row) => ({ ...row, tenant: '' }))

describe('two tenants in one log, with the same ids in Genesys', () => {
  let log: EventLog
  beforeEach(async () => {
    log = memoryLog()
    await take(log, OURS, answers(2))
    await take(log, THEIRS, answers(5))
    await take(log, OURS, answers(1, 2))
  })

  test('read the streams of their own alone', async () => {
    for (const tenant of [OURS, THEIRS]) {
      const streams = await rawStreams(log, tenant)
      expect(streams.length).toBeGreaterThan(0)
      expect(streams.filter((stream) => !stream.startsWith(`${tenant}.`))).toEqual([])
    }
  })

  test('have the rows that each has in a log of its own', async () => {
    for (const [tenant, count] of [
      [OURS, 3],
      [THEIRS, 5],
    ] as const) {
      const alone = memoryLog()
      await take(alone, tenant, answers(count))
      expect(await projected(log, tenant)).toEqual(await projected(alone, tenant))
    }
    expect(withoutTenant(await rowsOf(log, OURS))).not.toEqual(withoutTenant(await rowsOf(log, THEIRS)))
  })

  test('erase what is theirs, and find no mention in what is of the other', async () => {
    const before = await rawStreams(log, THEIRS)
    const [stream = ''] = await rawStreams(log, OURS)
    const [, entityId = ''] = /(?:conversation|user)-(.+)$/.exec(stream) ?? []
    const erased = await erase({
      ...{ raw: log, tenant: OURS, stream, entityId, dryRun: false, now: () => 0 },
      deadLetters: () => deadLetters(singleLog(log), OURS),
    })
    expect(erased.events).toBeGreaterThan(0)
    expect(erased.mentions.filter((mention) => mention.stream.startsWith(`${THEIRS}.`))).toEqual([])
    expect(await rawStreams(log, THEIRS)).toEqual(before)
    expect(await rawStreams(log, OURS)).not.toContain(stream)
  })
})

test('an id that holds the name of another tenant stays in a stream of its own tenant', () => {
  expect(userStream(OURS, `x.${THEIRS}.00.user-y`).startsWith(`${OURS}.`)).toBe(true)
})
