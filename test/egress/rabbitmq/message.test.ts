import { expect, test } from 'vitest'
import { messageOf } from '../../../src/egress/rabbitmq/message.js'
import { recordIdentity } from '../../../src/egress/record-identity.js'
import { queueRow, sinkRecord } from '../../contract/some-rows.js'

test('the same record is the same message whenever it is made', () => {
  expect(messageOf(sinkRecord(queueRow({})))).toEqual(messageOf(sinkRecord(queueRow({}))))
})

test('a message says that it may come again', () => {
  expect(messageOf(sinkRecord(queueRow({})))?.properties.headers).toMatchObject({
    'streamvane-delivery': 'at-least-once',
  })
})

test('an identity that is too long for a message id is a digest there, and whole in ce_id', () => {
  const record = sinkRecord(queueRow({ queueId: 'q'.repeat(300) }))
  const { messageId, headers } = messageOf(record)?.properties ?? {}
  expect(messageId).toMatch(/^sha256:[0-9a-f]{64}$/)
  expect(headers).toMatchObject({ ce_id: recordIdentity(record) })
})
