import { pointSources, type PointSource } from '../../../domain/profile.js'
import { feeds } from '../../../ingress/decode/decoders.js'
import { receivedAtOf } from '../../../ingress/metadata.js'
import type { EventLog } from '../../../log/event-log.js'
import { conversationOf } from './entity.js'
import type { Contribution, NotCounted, RawEventJson } from './explanation.js'

/** Events that the conversations of a row have besides, and, where they are asked for, the raw events behind it. */
export type RawLook = Readonly<{ otherSources: readonly NotCounted[]; raw: readonly RawEventJson[] | undefined }>

/** Conversations whose raw events are read only to say what else they have: more of them would make the answer slow. */
const STREAMS_MAX = 100

/**
 * Reads the raw events of contributions, stream by stream. A position is looked for in its stream: what lies at a
 * position of the whole log cannot be asked of every log.
 */
export const rawEventsOf = async (
  raw: EventLog,
  points: PointSource,
  contributions: readonly Contribution[],
  withRaw: boolean,
): Promise<RawLook> => {
  const byStream = new Map<string, Set<string>>()
  for (const { event } of contributions) {
    const known = byStream.get(event.stream)
    if (known === undefined) byStream.set(event.stream, new Set([event.position]))
    else known.add(event.position)
  }
  if (!withRaw && byStream.size > STREAMS_MAX) return { otherSources: [], raw: undefined }
  const found: RawEventJson[] = []
  const others = new Map<string, NotCounted>()
  for (const [stream, positions] of byStream)
    for await (const batch of raw.readStream(stream))
      for (const { type, position, data, metadata } of batch) {
        if (isOfOtherSource(type, points)) {
          const key = `${stream} ${type.split('.', 3).join('.')}`
          others.set(key, otherSource(stream, type, (others.get(key)?.count ?? 0) + 1, points))
        }
        if (!withRaw || !positions.has(String(position))) continue
        const receivedAt = receivedAtOf(metadata)
        found.push({
          ...{ stream, position: String(position), type, data: Buffer.from(data).toString('utf8') },
          receivedAt: receivedAt === undefined ? null : new Date(receivedAt).toISOString(),
        })
      }
  return { otherSources: [...others.values()], raw: withRaw ? found.sort(byPosition) : undefined }
}

/** Would the event be counted if points came from another source? Many events are counted in no case. */
const isOfOtherSource = (type: string, points: PointSource): boolean =>
  !feeds(type, points) && pointSources.some((source) => feeds(type, source))

const otherSource = (stream: string, type: string, count: number, points: PointSource): NotCounted => ({
  ...{ reason: 'other-source', count, metric: null, value: null, at: null, event: null },
  conversationId: conversationOf(stream),
  detail: `events of ${type.split('.').slice(0, 3).join('.')}.…: points come from ${points}`,
})

const byPosition = (a: RawEventJson, b: RawEventJson): number => {
  const [left, right] = [BigInt(a.position), BigInt(b.position)]
  return left < right ? -1 : left > right ? 1 : 0
}
