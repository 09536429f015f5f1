import { kpiStream } from '../../../domain/stream-name.js'
import type { Live } from '../generations.js'
import { whenThere } from '../logs/logs.js'
import type { Lost } from '../retry.js'
import { watchOwner } from './owner-watch.js'
import { cutOverOf } from './cut-over.js'
import { publishDifferences, withDifferences } from './differences.js'
import { publishPeriods } from './period-loop.js'
import { publishFrom } from './progress-check.js'
import { endOf, type EgressEnd, type Publishing, type Writer } from './publishing.js'
import { publishStream } from './stream-loop.js'
import { writerOf } from './writer.js'

/** Publishes one generation until `until` aborts (a write that has begun is finished), or everything is published. */
export const publish = async (publishing: Publishing, live: Live, until: AbortSignal): Promise<EgressEnd | Lost> => {
  const { generation } = live
  const { tenant, logs, progress, periods, untilCaughtUp, logger } = publishing
  const stream = kpiStream(tenant, generation)
  const open = () => logs.kpi(generation, 'reader')
  const owner = watchOwner(publishing, until)
  // A write that fails ends the subscription, which may be silent for long.
  const failed = new AbortController()
  let writer: Writer | undefined
  try {
    const kpi = untilCaughtUp ? await open() : await whenThere(open, `rows of generation ${generation}`, until, logger)
    const from = await publishFrom(kpi, tenant, generation, progress)
    publishing.lag.follow(kpi, stream, from)
    const cutOver = await withDifferences(publishing, kpi, live, cutOverOf(progress, live))
    const trace = publishing.trace?.()
    writer = writerOf(publishing, { kpi, live, from, cutOver, trace, until: owner.watched }, () => failed.abort())
    const stop = AbortSignal.any([owner.watched, failed.signal])
    const of = { live, kpi, stream, from, cutOver, writer, trace, until: stop }
    const behind = await publishDifferences(publishing, of)
    if (behind !== undefined && 'tag' in behind) return endOf(behind)
    const rest = { ...of, from: behind?.from ?? from }
    const end =
      behind === undefined
        ? undefined
        : await (periods === undefined ? publishStream(publishing, rest) : publishPeriods(publishing, rest, periods))
    if (end !== undefined) return end
    const failure = await writer.written()
    return failure === undefined ? (owner.lost() ?? { kind: 'stopped' }) : endOf(failure)
  } catch (cause) {
    if (until.aborted) return { kind: 'stopped' }
    throw cause
  } finally {
    await writer?.written().catch(() => {})
    owner.stop()
  }
}
