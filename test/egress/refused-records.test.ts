import { expect, test } from 'vitest'
import { recordIdentity } from '../../src/egress/record-identity.js'
import { logRefusedRecords, readRefusedRecords } from '../../src/egress/refused-records.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { queueRow, sinkRecord } from '../contract/some-rows.js'

test('a refused record is listed once for each sink, with what was answered and when it was refused first', async () => {
  const log = memoryLog()
  let now = Date.parse('2026-01-05T11:00:00Z')
  const of = (sink: string) =>
    logRefusedRecords({ tenant: 'acme', sink, changing: (work) => work(log), now: () => (now += 1_000) })
  const record = sinkRecord(queueRow({ revision: 3 }))
  await of('hooks').put(record, 'answers 422')
  await of('hooks').put(record, 'answers 422')
  await of('others').put(record, 'answers 400')
  const listed = []
  for await (const refused of readRefusedRecords(log, 'acme')) listed.push(refused)
  expect(listed.map(({ sink, id, reason, at }) => [sink, id, reason, at])).toEqual([
    ['hooks', recordIdentity(record), 'answers 422', '2026-01-05T11:00:01.000Z'],
    ['others', recordIdentity(record), 'answers 400', '2026-01-05T11:00:03.000Z'],
  ])
  expect(listed[0]).toMatchObject({ subject: record.header.key, revision: 3, time: '2026-01-05T10:00:00.000Z' })
})
