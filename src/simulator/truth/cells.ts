import type { FamilyName } from '../../domain/family.js'
import { MINUTE_MS, type EpochMs } from '../../domain/interval.js'
import type { Leg } from '../conversations/leg.js'

/** Durations (ms) and observed numbers carry all four, counts only `count`. */
export type TruthMeasure = { count: number; sum?: number; min?: number; max?: number }

/** The dimensions of a recorded metric. */
export type Booked = Readonly<{
  queueId?: string | null
  userId?: string | null
  skillIds?: readonly string[]
  languageId?: string | null
  wrapUpCode?: string | null
  flowId?: string | null
  campaignId?: string | null
  divisionIds: readonly string[]
}>

/** A cell with all dimensions; the last are media type, direction and message type. */
export type TruthCell = Readonly<{
  dimensions: readonly (string | null)[]
  start: EpochMs
  measures: Record<string, TruthMeasure>
}>

export const baseIntervalMs = 15 * MINUTE_MS

/** Abandons with a shorter wait are short abandons, by the default KPI profile. */
export const shortAbandonMs = 10_000

export type PointFamily = Exclude<FamilyName, 'agent-state' | 'agent-occupancy'>
export const pointFamilies: readonly PointFamily[] = [
  'queue',
  'agent',
  'skill',
  'language',
  'wrap-up',
  'flow',
  'campaign',
  'division',
  'organisation',
]

const ofFlows: ReadonlySet<string> = new Set(
  'nFlow nFlowMilestone nFlowOutcome nFlowOutcomeFailed tFlow tFlowDisconnect tFlowExit tFlowOutcome'.split(' '),
)
const waits: ReadonlySet<string> = new Set(
  'tAnswered tAbandon tFlowOut tCfcAnswered tCfcAbandon tCfcFlowOut'.split(' '),
)

/**
 * The truth of all families of points as one source contains it. Counts have no values. A point with several skills or
 * divisions is recorded in each of them; flow metrics are recorded for the flow and the organisation only.
 */
export class TruthCells {
  readonly #cells = new Map<PointFamily, Map<string, TruthCell>>(pointFamilies.map((family) => [family, new Map()]))

  book(at: EpochMs, leg: Leg, about: Booked, metric: string, value?: number): void {
    this.#post(at, leg, about, metric, value)
    if (waits.has(metric)) this.#post(at, leg, about, 'tWait', value)
    if (metric === 'tAbandon' && (value as number) < shortAbandonMs) this.#post(at, leg, about, 'tShortAbandon', value)
  }

  #post(at: EpochMs, leg: Leg, about: Booked, metric: string, value: number | undefined): void {
    const start = Math.floor(at / baseIntervalMs) * baseIntervalMs
    const suffix = `|${leg.mediaType}|${leg.direction}|${leg.conversation.messageType ?? ''}|${start}|`
    const put = (family: PointFamily, id: string, more?: string | null): void => {
      const cells = this.#cells.get(family) as Map<string, TruthCell>
      const key = more === undefined ? id + suffix : id + suffix + (more ?? '')
      let cell = cells.get(key)
      if (cell === undefined) {
        const own = family === 'organisation' ? [] : more === undefined ? [id] : [id, more]
        cells.set(
          key,
          (cell = {
            dimensions: [...own, leg.mediaType, leg.direction, leg.conversation.messageType],
            start,
            measures: {},
          }),
        )
      }
      addValue(cell.measures, metric, value)
    }
    put('organisation', '')
    if (ofFlows.has(metric)) {
      if (typeof about.flowId === 'string') put('flow', about.flowId)
      return
    }
    if (typeof about.queueId === 'string') put('queue', about.queueId)
    if (typeof about.userId === 'string') put('agent', about.userId, about.queueId ?? null)
    for (const skillId of about.skillIds ?? []) put('skill', skillId)
    if (typeof about.languageId === 'string') put('language', about.languageId)
    if (typeof about.wrapUpCode === 'string') put('wrap-up', about.wrapUpCode)
    if (typeof about.campaignId === 'string') put('campaign', about.campaignId)
    for (const divisionId of about.divisionIds) put('division', divisionId)
  }

  cells(family: PointFamily): Iterable<TruthCell> {
    return (this.#cells.get(family) as Map<string, TruthCell>).values()
  }
}

const addValue = (measures: Record<string, TruthMeasure>, metric: string, value: number | undefined): void => {
  const known = measures[metric]
  if (known === undefined) {
    measures[metric] = value === undefined ? { count: 1 } : { count: 1, sum: value, min: value, max: value }
    return
  }
  known.count += 1
  if (value === undefined) return
  known.sum = (known.sum ?? 0) + value
  if (value < (known.min ?? Infinity)) known.min = value
  if (value > (known.max ?? -Infinity)) known.max = value
}

/** Adds to the recorded measure of a metric. */
export const addMeasure = (measures: Record<string, TruthMeasure>, metric: string, more: TruthMeasure): void => {
  const known = measures[metric]
  if (known === undefined) {
    measures[metric] = { ...more }
    return
  }
  known.count += more.count
  if (more.sum === undefined) return
  known.sum = (known.sum ?? 0) + more.sum
  known.min = Math.min(known.min ?? Infinity, more.min ?? Infinity)
  known.max = Math.max(known.max ?? -Infinity, more.max ?? -Infinity)
}
