import { crc32 } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { pointDimensions } from '../../../domain/dimensions.js'
import type { Fact } from '../../../domain/fact.js'
import { FactRunBuilder } from '../../../domain/fact-run.js'
import { metricNames } from '../../../domain/metric.js'
import type { PointSource } from '../../../domain/profile.js'
import { conversationOfStream } from '../../../domain/stream-name.js'
import type { RawDigest } from '../../../facts/codec/segment.js'
import type { DecodedRun } from '../../../facts/decoded-run.js'
import { decodePoint, decodeRaw, DECODERS_VERSION, feeds } from '../../../ingress/decode/decoders.js'
import { receivedAtOf } from '../../../ingress/metadata.js'
import type { Position, RecordedEvent } from '../../../log/event-log.js'

/** The stretch of the raw log that some events are all of. */
export type RawStretch = Readonly<{
  after: Position | undefined
  through: Position
  events: readonly RecordedEvent[]
}>

/** The note of an erased stream names the stream, so it is in no segment: it is a stretch of its own. */
export const isErasureNote = ({ type }: RecordedEvent): boolean => type === 'StreamErased'

/** Names all that decides which facts a raw event gives, and how they are written. */
export const decodersName = [DECODERS_VERSION, metricNames.length, ...pointDimensions.map(({ field }) => field)].join(
  ' ',
)

/** Decodes the events that can change a figure where points come from `points`. */
export const decodeRun = ({ after, through, events }: RawStretch, points: PointSource): DecodedRun => {
  const facts = new FactRunBuilder()
  const positions: Position[] = []
  const streams: string[] = []
  const undecodable: number[] = []
  const joins = points === 'metric-records-and-details'
  for (const event of events) {
    if (!feeds(event.type, points)) continue
    const index = positions.push(event.position) - 1
    streams.push(event.stream)
    const receivedAt = receivedAtOf(event.metadata)
    const point = joins ? undefined : decodePoint(event.type, event.data)
    if (point !== undefined) {
      facts.addPoint(index, point, receivedAt)
      continue
    }
    const decoded = decodeRaw(event.type, event.data)
    if (E.isLeft(decoded)) {
      undecodable.push(index)
      continue
    }
    for (const fact of decoded.right) facts.add(index, joins ? ofConversation(fact, event.stream) : fact, receivedAt)
  }
  const last = events.at(-1)
  return {
    after,
    through,
    rawEvents: events.length,
    last: last && { stream: last.stream, revision: last.revision, id: last.id, position: last.position },
    events: positions.length,
    facts: facts.build(),
    position: (index) => positions[index] as Position,
    stream: (index) => streams[index] as string,
    undecodable,
  }
}

/** Says of a metric record which conversation it is of: a record of the whole conversation may take its place. */
const ofConversation = (fact: Fact, stream: string): Fact => {
  if (fact.type !== 'MetricEmitted' || fact.session !== undefined) return fact
  const conversationId = conversationOfStream(stream)
  return conversationId === undefined ? fact : { ...fact, session: `${conversationId}/` }
}

/** The digest of no events. */
export const nothingDigested: RawDigest = { bytes: 0, crc32: 0 }

/** The digest of the events that `decodeRun` decodes, behind those that were digested `before`. */
export const digestOf = ({ events }: RawStretch, points: PointSource, before = nothingDigested): RawDigest => {
  let { bytes, crc32: checksum } = before
  for (const { type, data } of events)
    if (feeds(type, points)) {
      bytes += data.length
      checksum = crc32(data, checksum)
    }
  return { bytes, crc32: checksum }
}
