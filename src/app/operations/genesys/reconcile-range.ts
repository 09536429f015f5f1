import * as E from 'fp-ts/lib/Either.js'
import type { EpochMs, Interval } from '../../../domain/interval.js'
import { localDay, type Zone } from '../../../domain/zone.js'
import type { GenesysClient } from '../../../genesys/client.js'
import type { GenesysFailure } from '../../../genesys/failure.js'
import { latestHeaders } from '../../../contract/kpi-stream/latest.js'
import { rowEvents } from '../../row-index/row-events.js'
import { isInScope } from '../../scoped/scope.js'
import type { Generation } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import type { ReconcileReport } from '../../reconcile/report/report.js'
import { reconcileGeneration, type ReconcileGenerationOptions } from '../acceptance/reconcile-generation.js'
import { ReconciliationRecord, storeReconciliation } from '../acceptance/reconciliation.js'
import { aggregateQueries, fetchAggregates } from './aggregates.js'
import { knownIds } from './known-ids.js'

/** A local day, counted back from the day of `now`: 1 is yesterday. */
export const dayBefore = (zone: Zone, now: EpochMs, days: number): Interval => {
  let day = localDay(zone, now)
  for (let back = 0; back < days; back++) day = localDay(zone, day.start - 1)
  return day
}

/** A reconciliation of a range. `isEmpty`: neither side has anything in it, which is equal. */
export type RangeReport = ReconcileReport & Readonly<{ isEmpty: boolean }>

/** How a reconciliation that was fetched names its source: by this the schedule knows a day that it has compared. */
export const sourceName = ({ start, end }: Interval): string =>
  `Genesys, aggregates of ${new Date(start).toISOString()}/${new Date(end).toISOString()}`

export type ReconcileRangeOptions = Readonly<{
  client: GenesysClient
  logs: Logs
  data: string
  tenant: string
  generation: Generation
  range: Interval
  tolerance?: ReconcileGenerationOptions['tolerance']
  /** Who keeps the outcome in the log; absent: it is not kept. */
  keepFor?: string | undefined
  now: () => EpochMs
  signal: AbortSignal
  onAnswer?: (answered: number, of: number) => void
}>

/**
 * Fetches the aggregates of a range, of queues and of the states of users, and compares the rows of a generation with
 * them. The outcome is kept where acceptance and the admin API find those of saved answers.
 */
export const reconcileRange = async (
  options: ReconcileRangeOptions,
): Promise<E.Either<GenesysFailure, RangeReport>> => {
  const { client, logs, data, tenant, generation, range, tolerance, keepFor, now, signal, onAnswer } = options
  const { users } = await knownIds(logs, tenant)()
  const queries = aggregateQueries(range, generation.profile, users)
  const fetched = await fetchAggregates(client, queries, signal, (count) => onAnswer?.(count, queries.length))
  if (E.isLeft(fetched)) return fetched
  const { responses, sha256 } = fetched.right
  const record = new ReconciliationRecord()
  const report = await reconcileGeneration({
    ...{ logs, data, tenant, generation, tolerance, signal, record },
    asked: { from: range.start, to: range.end },
    responses: (async function* () {
      yield* responses
    })(),
  })
  const isEmpty = isNothing(report) && !signal.aborted && !(await hasRows(options))
  if (keepFor !== undefined && !signal.aborted)
    await storeReconciliation(
      logs,
      tenant,
      record.of(report, {
        by: keepFor,
        at: new Date(now()).toISOString(),
        source: { file: sourceName(range), sha256 },
        query: { from: new Date(range.start).toISOString(), to: new Date(range.end).toISOString() },
        ...(isEmpty && { isEmpty }),
      }),
    )
  return E.right({ ...report, isEmpty })
}

const isNothing = ({ figures, coverage, quarantined }: ReconcileReport): boolean =>
  figures.compared === 0 && coverage.groups.theirs === 0 && quarantined.length === 0

/** Whether we have a row of what the aggregates are about, in the range. */
const hasRows = async ({ logs, data, tenant, generation, range }: ReconcileRangeOptions): Promise<boolean> => {
  const kpi = await logs.kpi(generation.name, 'reader')
  const families = (['queue', 'agent-state'] as const).filter((family) => generation.profile.families.includes(family))
  const scope = { families: new Set(families), from: range.start, to: range.end }
  const rows = await latestHeaders(kpi, tenant, generation.name, {
    events: rowEvents({ kpi, tenant, generation: generation.name, data }, scope),
    header: (header) => isInScope(scope, header),
  })
  return rows.size > 0
}
