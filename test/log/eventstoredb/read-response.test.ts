import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LogUnavailable } from '../../../src/log/event-log.js'
import { decodeReceived } from '../../../src/log/eventstoredb/client/read-response.js'
import { caughtUpMessage, confirmationMessage, eventMessage } from '../../support/eventstoredb/messages.js'

const encoded = (message: { serializeBinary: () => Uint8Array }): Buffer => Buffer.from(message.serializeBinary())

const bytes = fc.uint8Array({ maxLength: 300 })
const position = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
const storedEvent = fc.record({
  id: fc.uuid(),
  metadata: fc.dictionary(fc.constantFrom('type', 'created', 'content-type', 'typed'), fc.string({ maxLength: 40 })),
  customMetadata: bytes,
  data: bytes,
  stream: fc.string({ unit: 'grapheme', maxLength: 40 }),
  revision: fc.maxSafeNat(),
  commit: position,
})

describe('the messages of a reading call', () => {
  test('an event is decoded as the generated code encodes it', () => {
    fc.assert(
      fc.property(storedEvent, ({ metadata, customMetadata, data, ...rest }) => {
        const sent = eventMessage({
          ...{ ...rest, customMetadata, data, prepare: rest.commit },
          metadata: new Map(Object.entries(metadata)),
        })
        const received = decodeReceived(encoded(sent))
        if (received.kind !== 'event') throw new Error(received.kind)
        const { data: gotData, metadata: gotMetadata, ...got } = received.event
        expect([Buffer.from(gotData), Buffer.from(gotMetadata)]).toEqual([
          Buffer.from(data),
          Buffer.from(customMetadata),
        ])
        const { commit, ...named } = rest
        expect(got).toEqual({ ...named, position: commit, type: metadata['type'] ?? '' })
      }),
    )
  })

  test('a checkpoint is decoded with its commit position, whatever its prepare position', () => {
    fc.assert(
      fc.property(position, position, (commit, prepare) => {
        const checkpoint = new streams.ReadResp.Checkpoint()
          .setCommitPosition(`${commit}`)
          .setPreparePosition(`${prepare}`)
        expect(decodeReceived(encoded(new streams.ReadResp().setCheckpoint(checkpoint)))).toEqual({
          kind: 'checkpoint',
          position: commit,
        })
      }),
    )
  })

  test('other messages are told apart, or passed over', () => {
    expect(decodeReceived(encoded(caughtUpMessage())).kind).toBe('caught-up')
    expect(decodeReceived(encoded(confirmationMessage())).kind).toBe('other')
    expect(decodeReceived(encoded(new streams.ReadResp().setLastStreamPosition('7'))).kind).toBe('other')
    const identifier = new shared.StreamIdentifier().setStreamName(new Uint8Array(Buffer.from('a')))
    const missing = new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifier)
    expect(decodeReceived(encoded(new streams.ReadResp().setStreamNotFound(missing))).kind).toBe('other')
  })

  test('a message that is cut short is an error, never a part of an event', () => {
    fc.assert(
      fc.property(storedEvent, fc.nat(), ({ metadata, ...rest }, at) => {
        const whole = encoded(
          eventMessage({ ...rest, prepare: rest.commit, metadata: new Map(Object.entries(metadata)) }),
        )
        const cut = whole.subarray(0, 1 + (at % (whole.length - 1)))
        expect(() => decodeReceived(cut)).toThrow(LogUnavailable)
      }),
    )
  })
})
