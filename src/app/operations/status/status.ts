import { latestHeaders } from '../../../contract/kpi-stream/latest.js'
import { sinkSettings } from '../../config/sinks/egress-sinks.js'
import { granularityOf } from '../../../domain/granularity.js'
import { intervalStart, type EpochMs } from '../../../domain/interval.js'
import { deadLetterStream } from '../../../domain/stream-name.js'
import { frontierIn } from '../../../ingress/clock.js'
import { isLogTrouble } from '../../../log/event-log.js'
import { rowEvents } from '../../row-index/row-events.js'
import { ifThere } from '../../../log/if-there.js'
import { feedStages } from './feed-stages.js'
import { lookAtSinks } from './destinations.js'
import { diskOf } from './disk.js'
import { lookAround, type Look, type StatusOptions } from './look.js'
import { namesStages } from './names-stages.js'
import type { StageStatus, StatusReport } from './report.js'
import { egressStages, ingressStatus, projectionsOf } from './stages.js'

/**
 * How an installation is, beside its running processes or without them: by the log, the locks of its writers, the
 * progress at each destination, and what running processes say of their health. Changes nothing and disturbs nobody.
 */
export const statusOf = async (options: StatusOptions): Promise<StatusReport> => {
  const { config, logs, logger } = options
  const base = {
    ...{ at: new Date(options.now()).toISOString(), tenant: config.tenant, version: options.version },
    disk: await diskOf(config.data),
  }
  try {
    const look = await lookAround(options)
    const { raw } = look
    const head = await raw?.head()
    const projections = await projectionsOf(look)
    const settings = sinkSettings(config.egress)
    const sinks = await lookAtSinks(settings, config, logs, logger)
    const stages = [
      ...[await ingressStatus(look), ...projections.stages, ...(await egressStages(look, sinks))],
      ...namesStages(look, settings),
      ...(await feedStages(look)),
    ]
    const destinations = sinks.flatMap((sink) => sink.destinations)
    const frontier = raw === undefined ? undefined : await frontierIn(raw, config.tenant)
    const [state, position] = head === undefined ? (['empty', null] as const) : (['well', String(head)] as const)
    return {
      ...base,
      well: !stages.some(isAmiss) && destinations.every((each) => each.state === 'well'),
      log: { kind: config.log.kind, state, position, says: null },
      clock: {
        frontier: frontier === undefined ? null : new Date(frontier).toISOString(),
        behindMs: frontier === undefined ? null : look.at - frontier,
      },
      stages,
      generations: projections.generations,
      openIntervals: await openIntervals(look, frontier),
      deadLetters: await deadLettersIn(look),
      destinations,
      health: look.addresses,
    }
  } catch (cause) {
    if (!isLogTrouble(cause)) throw cause
    return {
      ...{ ...base, well: false, clock: { frontier: null, behindMs: null }, stages: [], generations: [] },
      log: { kind: config.log.kind, state: 'unreachable', position: null, says: cause.message },
      ...{ openIntervals: null, deadLetters: 0, destinations: [], health: [] },
    }
  }
}

const AMISS: ReadonlySet<StageStatus['state']> = new Set(['stalled', 'refused', 'unreachable'])
const isAmiss = ({ state }: StageStatus): boolean => AMISS.has(state)

/** Base intervals of the live generation that have a provisional row. */
export const openIntervals = async (
  { logs, config: { tenant, data }, generations }: Look,
  frontier: EpochMs | undefined,
): Promise<number | null> => {
  const live = generations?.live === undefined ? undefined : generations.all[generations.live]
  if (live === undefined || frontier === undefined) return null
  const kpi = await ifThere(() => logs.kpi(live.name, 'reader'))
  if (kpi === undefined) return null
  const { graceMs, intervalMs } = live.profile
  const granularity = granularityOf(intervalMs)
  const from = intervalStart(frontier - graceMs, intervalMs) - intervalMs
  const headers = await latestHeaders(kpi, tenant, live.name, {
    events: rowEvents({ kpi, tenant, generation: live.name, data }, { from, granularity }),
    header: (header) => header.granularity === granularity,
  })
  const open = new Set<EpochMs>()
  for (const { header } of headers.values()) if (header.status === 'provisional') open.add(header.start)
  return open.size
}

/** Of the raw log and of the live generation. */
export const deadLettersIn = async ({ logs, raw, generations, config: { tenant } }: Look): Promise<number> => {
  const live = generations?.live
  const kpi = live === undefined ? undefined : await ifThere(() => logs.kpi(live, 'reader'))
  let letters = 0
  for (const log of new Set([raw, kpi]))
    letters += log === undefined ? 0 : ((await log.streamRevision(deadLetterStream(tenant))) ?? -1) + 1
  return letters
}
