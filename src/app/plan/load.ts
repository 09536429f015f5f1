import type { FamilyName } from '../../domain/family.js'
import { DAY_MS, MINUTE_MS } from '../../domain/interval.js'
import { media, onDisk, RECORD_OVERHEAD_BYTES, records, simulated } from './measured.js'
import type { Question } from './question.js'

/** How many a day, and their bytes. */
export type Flow = Readonly<{ perDay: number; bytesPerDay: number }>

export const SECONDS_A_DAY = DAY_MS / 1_000

const flow = (perDay: number, bytes: number): Flow => ({ perDay, bytesPerDay: perDay * bytes })

const sum = (flows: readonly Flow[]): Flow => ({
  perDay: flows.reduce((all, { perDay }) => all + perDay, 0),
  bytesPerDay: flows.reduce((all, { bytesPerDay }) => all + bytesPerDay, 0),
})

/** Raw events of a day as they arrive. */
export const eventsOf = ({ agents, conversationsPerDay, media: mix, surfaces }: Question): Flow => {
  const ofSurface = (surface: 'metricRecords' | 'detailEvents'): readonly Flow[] =>
    media.map((medium) => {
      const { perConversation, bytes } = simulated[surface][medium]
      return flow(conversationsPerDay * mix[medium] * perConversation, bytes)
    })
  const { agentStates, agentSegments } = simulated
  const states = flow(
    agents * agentStates.perAgent + conversationsPerDay * agentStates.perConversation,
    agentStates.bytes,
  )
  const segments = flow(conversationsPerDay * agentSegments.perConversation, agentSegments.bytes)
  return sum([
    states,
    ...(surfaces === 'detail-events' ? [] : ofSurface('metricRecords')),
    ...(surfaces === 'metric-records' ? [] : [...ofSurface('detailEvents'), segments]),
  ])
}

/** Bytes on disk of a raw event, where so many come in one request: between measured points by the logarithm. */
export const rawEventBytes = (perRequest: number): number => {
  const points = onDisk.rawEvent
  const next = points.findIndex(([size]) => size >= perRequest)
  const last = points[points.length - 1] as readonly [number, number]
  if (next === -1) return last[1]
  const above = points[next] as readonly [number, number]
  const below = points[next - 1]
  if (below === undefined) return above[1]
  const share = Math.log(perRequest / below[0]) / Math.log(above[0] / below[0])
  return below[1] * (above[1] / below[1]) ** share
}

/** Records of a family in a day. Bytes are those on a topic, before the broker's compression. */
export const recordsOf = (
  family: FamilyName,
  { agents, conversationsPerDay, queues, intervalMinutes }: Question,
): Flow => {
  const { perConversation, perAgent, bytes } = records[family]
  const ofAgents = perAgent === undefined ? 0 : agents * perAgent[intervalMinutes]
  const intervals = DAY_MS / (intervalMinutes * MINUTE_MS)
  // At its end an interval closes at most one row of a queue and medium, and none without a conversation.
  const ofQueues = family === 'queue' ? Math.min(queues * media.length * intervals, conversationsPerDay) : 0
  return flow(conversationsPerDay * perConversation + ofAgents + ofQueues, bytes + RECORD_OVERHEAD_BYTES)
}

/** Raw events, facts, records of all families, and what they make the data folder grow by in a day. */
export const loadOf = (question: Question) => {
  const { families, surfaces, generations, eventsPerRequest } = question
  const events = eventsOf(question)
  const topics = families.map((family) => ({ family, ...recordsOf(family, question) }))
  const published = sum(topics)
  // Facts are kept of what counts: one of the two surfaces, and states.
  const counted = surfaces === 'both' ? eventsOf({ ...question, surfaces: 'metric-records' }) : events
  const rawLog = events.perDay * rawEventBytes(eventsPerRequest)
  const facts = counted.perDay * onDisk.fact
  const kpiLog = published.perDay * onDisk.kpiRecord * generations
  const publications = Math.min(SECONDS_A_DAY, published.perDay) * onDisk.publication
  return {
    events,
    topics,
    published,
    rawLog,
    facts,
    kpiLog,
    publications,
    grows: rawLog + facts + kpiLog + publications,
  }
}
