import type { EpochMs } from '../../../domain/interval.js'
import { pause } from '../../../log/backoff.js'
import { FeedRefused, intervalsIn, lastRevision } from '../../feeds/deliveries/build.js'
import type { ToDeliver } from '../../feeds/deliveries/begin.js'
import { Courier, type Attempt, type CourierOptions } from '../../feeds/deliveries/courier.js'
import { liveFeedRows } from '../../feeds/deliveries/feed-rows.js'
import { intervalsOf } from '../../feeds/records/record.js'
import { FeedsChanged } from '../../feeds/log/events.js'

export type DeliverOptions = CourierOptions &
  Readonly<{
    /** Intervals that start in `[from, to)`. */
    from: EpochMs
    to: EpochMs
    why: string | undefined
    by: string
    signal: AbortSignal
  }>

/** Times that another process may note something between our look and our note. */
const LOOKS_MAX = 10
const BETWEEN_LOOKS_MS = 500

/**
 * Delivers a range again because an operator wants it: one file under a number of its own, whether or not something
 * changed. A delivery that was begun before and has not ended is ended first. `lost`: the receiver cannot be had; the
 * running stage, or the next call, goes on with it. Throws `FeedRefused`.
 */
export const deliverRange = async (options: DeliverOptions): Promise<Attempt> => {
  const { plan, signal } = options
  const { name } = plan.settings
  const courier = new Courier(options)
  for (let look = 0; look < LOOKS_MAX && !signal.aborted; look++) {
    try {
      await courier.look()
      const open = courier.toFinish()
      if (open === 'of-another') {
        await pause(BETWEEN_LOOKS_MS, signal)
        continue
      }
      if (open !== undefined) {
        const attempt = await courier.finish(open, signal)
        if (attempt.kind === 'lost') return attempt
        continue
      }
      return await courier.finish(await courier.begin(await manualDelivery(options)), signal)
    } catch (cause) {
      if (!(cause instanceof FeedsChanged)) throw cause
    }
  }
  throw new FeedRefused(
    `feed ${name}: another process is sending a delivery of it; wait until it is done (streamvane feeds log ${name})`,
  )
}

/** What a range would be delivered as. Throws `FeedRefused`. */
export const manualDelivery = async (
  options: Pick<DeliverOptions, 'plan' | 'tenant' | 'logs' | 'data' | 'from' | 'to' | 'why' | 'by'>,
): Promise<ToDeliver> => {
  const { plan, from, to, why, by } = options
  const { name, interval } = plan.settings
  const rows = await liveFeedRows(options)
  if (rows === undefined) throw new FeedRefused(`feed ${name}: nothing was computed yet: streamvane run`)
  const all = [...intervalsOf(plan.settings, from, to)]
  const [first, last] = [all[0], all.at(-1)]
  if (first === undefined || last === undefined)
    throw new FeedRefused(`feed ${name}: no interval of ${interval} starts in this range`)
  const ranges = [{ start: first.start, end: last.end }]
  const through = await lastRevision(rows.of)
  return {
    ...{ kind: 'manual', reasons: why === undefined ? [] : [why], ranges, by, through },
    ...{ intervals: await intervalsIn(plan, rows, ranges, through), generation: rows.generation.name },
  }
}
