import { kpiStream } from '../../../domain/stream-name.js'
import type { Live } from '../generations.js'
import { whenThere } from '../logs/logs.js'
import type { Lost } from '../retry.js'
import { watchOwner } from './owner-watch.js'
import { publishPeriods } from './period-loop.js'
import { publishFrom } from './progress-check.js'
import type { EgressEnd, Publishing } from './publishing.js'
import { publishStream } from './stream-loop.js'
import { writerOf } from './writer.js'

/** Publishes one generation until `until` aborts (a write that has begun is finished), or everything is published. */
export const publish = async (publishing: Publishing, live: Live, until: AbortSignal): Promise<EgressEnd | Lost> => {
  const { generation } = live
  const { tenant, logs, progress, periods, untilCaughtUp, logger } = publishing
  const stream = kpiStream(tenant, generation)
  const open = () => logs.kpi(generation, 'reader')
  const owner = watchOwner(publishing, until)
  try {
    const kpi = untilCaughtUp ? await open() : await whenThere(open, `rows of generation ${generation}`, until, logger)
    const from = await publishFrom(kpi, tenant, generation, progress)
    publishing.lag.follow(kpi, stream, from)
    const write = writerOf(publishing, kpi, live, from)
    const of = { live, kpi, stream, from, write, until: owner.watched }
    const end = await (periods === undefined ? publishStream(publishing, of) : publishPeriods(publishing, of, periods))
    return end ?? owner.lost() ?? { kind: 'stopped' }
  } catch (cause) {
    if (until.aborted) return { kind: 'stopped' }
    throw cause
  } finally {
    owner.stop()
  }
}
