import * as E from 'fp-ts/lib/Either.js'
import { rowCodec } from '../../../src/contract/row-codec.js'
import { familyNames, type FamilyName } from '../../../src/domain/family.js'
import type { KpiEvent } from '../../../src/domain/kpi-event.js'
import type { Fact } from '../../../src/domain/fact.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { decodeRaw } from '../../../src/ingress/decode/decoders.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { readRawEvent } from '../../ingress/read-one.js'

/** The centre from which `src/app/plan/measured.ts` was measured: a whole day, one conversation in ten minutes an agent. */
export const DAY = { seed: 1, fromMs: Date.parse('2026-01-05T00:00:00Z'), hours: 24, queues: 6, agents: 40 } as const

const origin = { tenant: 't', source: 'test', receivedAt: Date.parse('2031-01-01T00:00:00Z') }
const TICK_MS = 15_000
const BUSIEST_HOUR = 10

export type Sum = { count: number; bytes: number }

export type EventCounts = Readonly<{
  conversations: ReadonlyMap<string, number>
  /** Events of conversations by medium and by surface; those of agents by surface. */
  ofConversations: ReadonlyMap<string, Readonly<Record<'metric-records' | 'detail-events', Sum>>>
  ofAgents: Readonly<Record<'states' | 'segments', Sum>>
  busiestHourShare: number
}>

type Envelope = Readonly<{
  detail: { topicName: string; eventBody: { conversationId?: string; mediaType?: string } }
  time: string
}>

/** Counts the events of the day by what they belong to. */
export const eventsOfDay = (): EventCounts => {
  const media = new Map<string, string>()
  const began = new Map<string, number>()
  const kept: Readonly<{ id: string; surface: 'metric-records' | 'detail-events'; bytes: number }>[] = []
  const ofAgents = { states: { count: 0, bytes: 0 }, segments: { count: 0, bytes: 0 } }
  for (const { line, deliverAtMs } of simulate({ ...DAY, emit: 'both' })) {
    const { topicName, eventBody } = (JSON.parse(line) as Envelope).detail
    const id = eventBody.conversationId ?? /conversation\.([\w-]+)/.exec(topicName)?.[1]
    if (topicName.startsWith('v2.users.')) add(ofAgents.states, line.length)
    else if (topicName.startsWith('v2.detail.events.agent.')) add(ofAgents.segments, line.length)
    else if (id !== undefined) {
      if (!began.has(id)) began.set(id, deliverAtMs)
      if (eventBody.mediaType !== undefined && !media.has(id)) media.set(id, eventBody.mediaType.toLowerCase())
      const surface = topicName.endsWith('.metrics') ? 'metric-records' : 'detail-events'
      kept.push({ id, surface, bytes: line.length })
    }
  }
  const ofConversations = new Map<string, Record<'metric-records' | 'detail-events', Sum>>()
  const conversations = new Map<string, number>()
  const hours = new Array<number>(24).fill(0)
  for (const [id, at] of began) {
    const medium = media.get(id) ?? 'unknown'
    conversations.set(medium, (conversations.get(medium) ?? 0) + 1)
    const hour = new Date(at).getUTCHours()
    hours[hour] = (hours[hour] ?? 0) + 1
  }
  for (const { id, surface, bytes } of kept) {
    const medium = media.get(id) ?? 'unknown'
    let sums = ofConversations.get(medium)
    if (sums === undefined)
      ofConversations.set(
        medium,
        (sums = { 'metric-records': { count: 0, bytes: 0 }, 'detail-events': { count: 0, bytes: 0 } }),
      )
    add(sums[surface], bytes)
  }
  return { conversations, ofConversations, ofAgents, busiestHourShare: Math.max(...hours) / began.size }
}

/** Records of a family: how many, those that a tick of the clock brought, and the bytes of their values. */
export type RecordCounts = Readonly<{ records: number; atTicks: number; valueBytes: number }>

export type DayOfRecords = Readonly<{
  ofFamilies: ReadonlyMap<FamilyName, RecordCounts>
  /** What the projection put out each time it was asked, in the busiest hour, of the families of the default profile. */
  deliveries: readonly (readonly KpiEvent[])[]
}>

/**
 * What is published on the day as it happens: the rows that changed, every second of it, and those that a tick closes.
 * Every event that comes alone would be published alone; a second is what a busy process takes at once.
 */
export const recordsOfDay = (intervalMs: number, families: readonly FamilyName[] = familyNames): DayOfRecords => {
  const kpis = new KpiProjection('t', { ...defaultProfile, intervalMs, families })
  kpis.endHistory()
  const ofFamilies = new Map<FamilyName, { -readonly [K in keyof RecordCounts]: number }>()
  const deliveries: (readonly KpiEvent[])[] = []
  let [second, tick] = [0, 0]
  const take = (isTick: boolean): void => {
    const events = kpis.drainEvents()
    const isKept = ({ family }: { family: FamilyName }): boolean => defaultProfile.families.includes(family)
    if (new Date(second).getUTCHours() === BUSIEST_HOUR)
      deliveries.push(events.filter((event) => event.kind === 'row' && isKept(event.row)))
    for (const event of events) {
      if (event.kind !== 'row') continue
      const { row } = event
      let of = ofFamilies.get(row.family)
      if (of === undefined) ofFamilies.set(row.family, (of = { records: 0, atTicks: 0, valueBytes: 0 }))
      of.records += 1
      of.atTicks += isTick ? 1 : 0
      of.valueBytes += rowCodec(row.family).encodeFlat(row).length
    }
  }
  const tickTo = (at: number): void => {
    kpis.apply({ type: 'ClockTicked', at })
    take(true)
  }
  for (const { line, deliverAtMs } of simulate({ ...DAY, emit: 'metric-records' })) {
    if (deliverAtMs >= second + 1_000) {
      take(false)
      second = Math.floor(deliverAtMs / 1_000) * 1_000
    }
    if (deliverAtMs >= tick + TICK_MS) tickTo((tick = Math.floor(deliverAtMs / TICK_MS) * TICK_MS))
    for (const fact of factsOf(line)) kpis.apply(fact)
  }
  take(false)
  tickTo(tick + 2 * intervalMs)
  return { ofFamilies, deliveries: deliveries.filter((events) => events.length > 0) }
}

const factsOf = (line: string): readonly Fact[] => {
  const raw = readRawEvent(Buffer.from(line), origin)
  if (E.isLeft(raw)) throw new Error(raw.left.detail)
  const facts = decodeRaw(raw.right.event.type, raw.right.event.data)
  if (E.isLeft(facts)) throw new Error(facts.left.detail)
  return facts.right
}

const add = (sum: Sum, bytes: number): void => {
  sum.count += 1
  sum.bytes += bytes
}
