import { NoLog } from '../../../log/event-log.js'
import { FeedStates, type Delivery } from '../../feeds/log/state.js'
import type { DeliveryResult } from '../../feeds/log/events.js'
import type { Logs } from '../../pipeline/logs/logs.js'

export type DeliveriesWanted = Readonly<{
  feed?: string | undefined
  /** Deliveries that hold an interval of `[from, to)`. */
  from?: number | undefined
  to?: number | undefined
  result?: DeliveryResult | 'open' | undefined
}>

/** The deliveries that the log tells of, by feed and number. Where there is no log there are none. */
export const readDeliveries = async (
  logs: Pick<Logs, 'control'>,
  tenant: string,
  { feed, from = -Infinity, to = Infinity, result }: DeliveriesWanted = {},
): Promise<readonly Delivery[]> => {
  const states = new FeedStates(tenant, feed)
  try {
    await states.read(await logs.control('reader'))
  } catch (cause) {
    if (!(cause instanceof NoLog)) throw cause
  }
  return states.names
    .flatMap((name) => states.of(name).deliveries)
    .filter(
      ({ began, ended }) =>
        (result === undefined || result === (ended?.result ?? 'open')) &&
        began.ranges.some((range) => Date.parse(range.from) < to && Date.parse(range.to) > from),
    )
}

/** A delivery as JSON: what the receiver can reconcile its files with. */
export const deliveryJson = ({ began, ended }: Delivery) => {
  const { type: _, process: __, content: ___, at, ...said } = began
  return {
    ...said,
    began: at,
    result: ended?.result ?? 'open',
    ended: ended?.at ?? null,
    attempts: ended?.attempts ?? null,
    answer: ended?.answer ?? null,
  }
}
