import { closedThroughOf } from '../../reconcile/our-rows.js'
import type { EpochMs } from '../../../domain/interval.js'
import { localDay } from '../../../domain/zone.js'
import type { EventLog } from '../../../log/event-log.js'
import { readClock } from '../../../ingress/clock.js'
import type { Generation } from '../../pipeline/generations.js'

export type Range = Readonly<{ from: EpochMs; to: EpochMs }>

/**
 * The last day of the profile's zone of which all intervals are closed, if the log goes back to its beginning; else the
 * closed intervals of the day that has begun. `undefined` where nothing is closed yet.
 */
export const lastClosedDay = async (
  raw: EventLog,
  kpi: EventLog,
  tenant: string,
  generation: Generation,
): Promise<Range | undefined> => {
  const closedThrough = await closedThroughOf(raw, kpi, tenant, generation)
  if (closedThrough === undefined) return undefined
  const { zone } = generation.profile
  const begun = localDay(zone, closedThrough - 1)
  if (begun.end <= closedThrough) return { from: begun.start, to: begun.end }
  const before = localDay(zone, begun.start - 1)
  const first = await firstTick(raw, tenant)
  if (first !== undefined && first < begun.start) return { from: before.start, to: before.end }
  return { from: begun.start, to: closedThrough }
}

const firstTick = async (raw: EventLog, tenant: string): Promise<EpochMs | undefined> => {
  for await (const { at } of readClock(raw, tenant, { max: 1 })) return at
  return undefined
}
