import { EventStoreDBClient } from '@eventstore/db-client'
import * as E from 'fp-ts/lib/Either.js'
import { expect, onTestFinished, test } from 'vitest'
import { setStreamPolicy } from '../../../src/log/eventstoredb/administration/policy.js'
import { fresh, server } from './rig.js'

const hour = 3_600_000

test('a policy is stored as the official client reads it', async () => {
  const on = await server()
  const stream = fresh()
  const acl = { read: ['$all'], write: ['ingress'], delete: ['$admins'], metaRead: ['$all'], metaWrite: ['$admins'] }
  expect(await setStreamPolicy(on, stream, { maxAgeMs: hour, maxCount: 10, acl })).toEqual(E.right({ changed: true }))
  const client = EventStoreDBClient.connectionString(on.connectionString)
  onTestFinished(() => client.dispose())
  const { metadata } = await client.getStreamMetadata(stream)
  expect(metadata).toEqual({
    maxAge: 3_600,
    maxCount: 10,
    acl: {
      readRoles: ['$all'],
      writeRoles: ['ingress'],
      deleteRoles: ['$admins'],
      metaReadRoles: ['$all'],
      metaWriteRoles: ['$admins'],
    },
  })
})

test('the same policy again changes nothing; a return to an earlier one does', async () => {
  const on = await server()
  const stream = fresh()
  const changes: boolean[] = []
  for (const maxAgeMs of [hour, hour, 2 * hour, hour, undefined, undefined]) {
    const answer = await setStreamPolicy(on, stream, { maxAgeMs })
    changes.push(E.isRight(answer) && answer.right.changed)
  }
  expect(changes).toEqual([true, false, true, true, true, false])
})

test('an age that is not whole seconds is Refused, a server that is away is NotAvailable', async () => {
  const on = await server()
  expect(await setStreamPolicy(on, fresh(), { maxAgeMs: 1_500 })).toMatchObject({ left: { tag: 'Refused' } })
  expect(await setStreamPolicy(on, fresh(), { maxCount: 0 })).toMatchObject({ left: { tag: 'Refused' } })
  on.faults.denies = true
  expect(await setStreamPolicy(on, fresh(), { maxAgeMs: hour })).toMatchObject({ left: { tag: 'Denied' } })
  on.away()
  expect(await setStreamPolicy(on, fresh(), { maxAgeMs: hour })).toMatchObject({ left: { tag: 'NotAvailable' } })
})
