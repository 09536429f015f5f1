import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { frontierIn } from '../../ingress/clock.js'
import { LogUnavailable, type EventLog } from '../../log/event-log.js'
import type { Gauge, Gauges } from '../../telemetry/metrics/meters.js'
import type { FoldMeter } from '../../telemetry/metrics/stage-meters.js'
import type { Logs } from '../pipeline/logs/logs.js'

export type LogGaugesOptions = Readonly<{
  tenant: string
  data: string
  logs: Pick<Logs, 'raw'>
  /** The stages that fold; those that do not run here have nothing to tell. */
  folds: readonly FoldMeter[]
  now: () => number
}>

/** The frontier, and how the stages of this process that fold the log are. */
export const logGauges =
  (options: LogGaugesOptions): Gauges =>
  async () => {
    const raw = await options.logs.raw('reader').catch((cause: unknown) => {
      if (cause instanceof LogUnavailable) return undefined
      throw cause
    })
    const folds = await Promise.all(options.folds.map((fold) => foldGauges(fold, raw, options)))
    return [...(raw === undefined ? [] : await frontierGauges(raw, options)), ...folds.flat()]
  }

const frontierGauges = async (raw: EventLog, { tenant, now }: LogGaugesOptions): Promise<readonly Gauge[]> => {
  const frontier = await frontierIn(raw, tenant)
  if (frontier === undefined) return []
  return [
    { id: 'frontier', value: frontier / 1_000 },
    { id: 'frontierAge', value: (now() - frontier) / 1_000 },
  ]
}

const foldGauges = async (
  { stage, view }: FoldMeter,
  raw: EventLog | undefined,
  { tenant, data, now }: LogGaugesOptions,
): Promise<readonly Gauge[]> => {
  if (view === undefined) return []
  const { snapshot, position, openIntervals, eventsSinceSave } = view
  // Positions of an embedded log are dense: their difference counts events.
  const head = position === undefined || raw?.folder === undefined ? undefined : await raw.head()
  const file =
    snapshot === undefined ? undefined : await stat(join(data, 'state', `${tenant}.${snapshot}`)).catch(() => undefined)
  return [
    ...(head === undefined
      ? []
      : ([
          { id: 'stageLagEvents', labels: [stage], value: Math.max(0, Number(head - (position?.() ?? 0n))) },
        ] as const)),
    ...(openIntervals === undefined ? [] : ([{ id: 'openIntervals', value: openIntervals() }] as const)),
    { id: 'snapshotEvents', labels: [stage], value: eventsSinceSave() },
    ...(file === undefined
      ? []
      : ([{ id: 'snapshotAge', labels: [stage], value: (now() - file.mtimeMs) / 1_000 }] as const)),
  ]
}
