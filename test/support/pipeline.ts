import { pino } from 'pino'
import type { Profile } from '../../src/domain/profile.js'
import type { Row } from '../../src/domain/row.js'
import { appendTick } from '../../src/ingress/clock.js'
import { ingest } from '../../src/ingress/ingest.js'
import type { Receipt } from '../../src/ingress/receipt.js'
import type { EventLog } from '../../src/log/event-log.js'
import { PROJECTION_VERSION, type Generation } from '../../src/app/pipeline/generations.js'
import { latestRows } from '../../src/contract/kpi-stream/latest.js'
import { runProjector, type ProjectorEnd } from '../../src/app/pipeline/projector/projector.js'
import { noSnapshots, type SnapshotStore } from '../../src/app/pipeline/projector/snapshots.js'

export const silent = pino({ level: 'silent' })

export const generationOf = (profile: Profile, name = 'g1'): Generation => ({
  name,
  projectionVersion: PROJECTION_VERSION,
  profile,
  historyThrough: null,
  startedAt: '2026-01-01T00:00:00.000Z',
})

/** Takes lines in, in batches of `batch`. */
export const take = async (
  log: EventLog,
  tenant: string,
  lines: readonly string[],
  batch = 500,
): Promise<Receipt[]> => {
  const receipts: Receipt[] = []
  for (let at = 0; at < lines.length; at += batch)
    receipts.push(
      await ingest(
        log,
        lines.slice(at, at + batch).map((line) => Buffer.from(line)),
        { tenant, source: 'test', receivedAt: Date.parse('2031-01-01T00:00:00Z') },
      ),
    )
  return receipts
}

export const tickTo = appendTick

type ProjectOptions = Readonly<{
  log: EventLog
  tenant: string
  profile: Profile
  generation?: string
  batchMax?: number
  snapshots?: SnapshotStore
  kpi?: EventLog
  signal?: AbortSignal
  /** Where history ends for the generation, as for a rebuild. */
  historyThrough?: string
}>

/** Projects all that the log holds. */
export const project = ({
  log,
  tenant,
  profile,
  generation,
  batchMax = 1_000,
  snapshots = noSnapshots,
  kpi = log,
  signal,
  historyThrough,
}: ProjectOptions): Promise<ProjectorEnd> =>
  runProjector({
    tenant,
    generation: { ...generationOf(profile, generation), historyThrough: historyThrough ?? null },
    raw: log,
    kpi,
    snapshots,
    batchMax,
    untilCaughtUp: true,
    signal: signal ?? new AbortController().signal,
    logger: silent,
    now: () => 0,
  })

export const rowsOf = async (log: EventLog, tenant: string, generation = 'g1'): Promise<readonly Row[]> =>
  [...(await latestRows(log, tenant, generation)).values()].map(({ row }) => row)
