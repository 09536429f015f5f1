import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { frontierIn } from '../../ingress/clock.js'
import { LogUnavailable, type EventLog } from '../../log/event-log.js'
import type { Gauge, Gauges } from '../../telemetry/metrics/meters.js'
import type { ProjectorMeter } from '../../telemetry/metrics/stage-meters.js'
import type { Logs } from '../pipeline/logs/logs.js'

export type LogGaugesOptions = Readonly<{
  tenant: string
  data: string
  logs: Pick<Logs, 'raw'>
  projector: ProjectorMeter
  now: () => number
}>

/** The frontier, and how the projection of this process is. */
export const logGauges =
  (options: LogGaugesOptions): Gauges =>
  async () => {
    const raw = await options.logs.raw('reader').catch((cause: unknown) => {
      if (cause instanceof LogUnavailable) return undefined
      throw cause
    })
    return [...(raw === undefined ? [] : await frontierGauges(raw, options)), ...(await projectorGauges(raw, options))]
  }

const frontierGauges = async (raw: EventLog, { tenant, now }: LogGaugesOptions): Promise<readonly Gauge[]> => {
  const frontier = await frontierIn(raw, tenant)
  if (frontier === undefined) return []
  return [
    { id: 'frontier', value: frontier / 1_000 },
    { id: 'frontierAge', value: (now() - frontier) / 1_000 },
  ]
}

const projectorGauges = async (
  raw: EventLog | undefined,
  { projector, tenant, data, now }: LogGaugesOptions,
): Promise<readonly Gauge[]> => {
  const { view } = projector
  if (view === undefined) return []
  // Positions of an embedded log are dense: their difference counts events.
  const head = raw?.folder === undefined ? undefined : await raw.head()
  const snapshot = await stat(join(data, 'state', `${tenant}.${view.generation}`)).catch(() => undefined)
  return [
    ...(head === undefined
      ? []
      : ([
          { id: 'stageLagEvents', labels: ['projector'], value: Math.max(0, Number(head - (view.position() ?? 0n))) },
        ] as const)),
    { id: 'openIntervals', value: view.openIntervals() },
    { id: 'snapshotEvents', value: view.eventsSinceSave() },
    ...(snapshot === undefined ? [] : ([{ id: 'snapshotAge', value: (now() - snapshot.mtimeMs) / 1_000 }] as const)),
  ]
}
