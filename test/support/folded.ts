import * as E from 'fp-ts/lib/Either.js'
import type { ConfigurationFact, Fact } from '../../src/domain/fact.js'
import { HOUR_MS, MINUTE_MS } from '../../src/domain/interval.js'
import type { Profile } from '../../src/domain/profile.js'
import type { Row } from '../../src/domain/row.js'
import { decodeRaw } from '../../src/ingress/decode/decoders.js'
import { readRawEvent } from '../ingress/read-one.js'
import type { Delivery } from '../../src/simulator/delivery/delivery.js'
import { KpiProjection } from '../../src/projections/kpi-projection.js'
import { rowsIn } from './kpi-events.js'

/** What came of lines: the last state of each row, and what was not taken, in words. */
export type Folded = Readonly<{
  rows: ReadonlyMap<string, Row>
  refused: readonly string[]
  repeated: number
  restated: number
}>

const origin = { tenant: 't', source: 'test', receivedAt: Date.parse('2031-01-01T00:00:00Z') }
const TICK_MS = 15 * MINUTE_MS
const TAKE_EVERY = 20_000

/**
 * Lines as ingress and projector see them, without a log between: each is named, stored once, decoded from its bytes,
 * and folded, while the clock ticks as they are delivered. At the end it ticks on until `settledAt`.
 */
export const fold = (
  lines: Iterable<Delivery>,
  profile: Profile,
  {
    configuration = [],
    settledAt,
  }: Readonly<{ configuration?: readonly ConfigurationFact[]; settledAt: () => number }>,
): Folded => {
  const kpis = new KpiProjection('t', profile, { configuration })
  const rows = new Map<string, Row>()
  const refused: string[] = []
  const seen = new Set<string>()
  let [tick, count, repeated, restated] = [0, 0, 0, 0]
  const take = (): void => {
    for (const row of rowsIn(kpis.drainEvents())) {
      const before = rows.get(row.key)
      if (before !== undefined && before.revision >= row.revision)
        refused.push(`${row.key}: revision ${row.revision} after ${before.revision}`)
      if (row.status === 'corrected' && before?.status === 'final') restated += 1
      rows.set(row.key, row)
    }
  }
  const apply = (fact: Fact): void => {
    const refusal = kpis.apply(fact)
    if (refusal !== undefined) refused.push(`${fact.type}: ${refusal.reason}, ${refusal.detail}`)
  }
  for (const { line, deliverAtMs } of lines) {
    const raw = readRawEvent(Buffer.from(line), origin)
    if (E.isLeft(raw)) {
      refused.push(`${raw.left.reason}: ${raw.left.detail}`)
      continue
    }
    const { id, type, data } = raw.right.event
    if (seen.has(id)) {
      repeated += 1
      continue
    }
    seen.add(id)
    const facts = decodeRaw(type, data)
    if (E.isLeft(facts)) refused.push(`${facts.left.reason}: ${facts.left.detail}`)
    else facts.right.forEach(apply)
    if (deliverAtMs >= tick + TICK_MS) {
      tick = Math.floor(deliverAtMs / TICK_MS) * TICK_MS
      apply({ type: 'ClockTicked', at: tick })
    }
    if (++count % TAKE_EVERY === 0) take()
  }
  for (const end = settledAt(); tick < end; tick += HOUR_MS)
    apply({ type: 'ClockTicked', at: Math.min(end, tick + HOUR_MS) })
  take()
  return { rows, refused, repeated, restated }
}
