import * as E from 'fp-ts/lib/Either.js'
import { FactRunBuilder } from '../../../domain/fact-run.js'
import type { PointSource } from '../../../domain/profile.js'
import type { DecodedRun } from '../../../facts/decoded-run.js'
import { decodeRaw, feeds } from '../../../ingress/decode/decoders.js'
import { receivedAtOf } from '../../../ingress/metadata.js'
import type { Position, RecordedEvent } from '../../../log/event-log.js'

/** The stretch of the raw log that some events are all of. */
export type RawStretch = Readonly<{
  after: Position | undefined
  through: Position
  events: readonly RecordedEvent[]
}>

/** Decodes the events that can change a figure where points come from `points`. */
export const decodeRun = ({ after, through, events }: RawStretch, points: PointSource): DecodedRun => {
  const facts = new FactRunBuilder()
  const fed: RecordedEvent[] = []
  const undecodable: number[] = []
  for (const event of events) {
    if (!feeds(event.type, points)) continue
    const index = fed.push(event) - 1
    const decoded = decodeRaw(event.type, event.data)
    if (E.isLeft(decoded)) {
      undecodable.push(index)
      continue
    }
    const receivedAt = receivedAtOf(event.metadata)
    for (const fact of decoded.right) facts.add(index, fact, receivedAt)
  }
  const last = events.at(-1)
  return {
    after,
    through,
    rawEvents: events.length,
    last: last && { stream: last.stream, revision: last.revision, id: last.id },
    events: fed.length,
    facts: facts.build(),
    position: (index) => (fed[index] as RecordedEvent).position,
    stream: (index) => (fed[index] as RecordedEvent).stream,
    undecodable,
  }
}
