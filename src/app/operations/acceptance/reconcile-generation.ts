import type { EventLog } from '../../../log/event-log.js'
import { ifThere } from '../../../log/if-there.js'
import type { Generation } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { closedThroughOf } from '../../reconcile/our-rows.js'
import { reconcile, type ReconcileOptions } from '../../reconcile/reconcile.js'
import type { ReconcileReport } from '../../reconcile/report/report.js'
import type { ReconciliationRecord } from './reconciliation.js'

export type ReconcileGenerationOptions = Omit<ReconcileOptions, 'kpi' | 'closedThrough' | 'onFigure' | 'onCovered'> &
  Readonly<{
    logs: Logs
    /** Collects what the log keeps of the comparison. */
    record?: ReconciliationRecord | undefined
  }>

/** Compares the rows of a generation with answers of Genesys (`reconcile`), with what the raw log says is closed. */
export const reconcileGeneration = async ({
  logs,
  record,
  ...options
}: ReconcileGenerationOptions): Promise<ReconcileReport> => {
  const { tenant, generation } = options
  const kpi = await logs.kpi(generation.name, 'reader')
  return reconcile({
    ...options,
    kpi,
    closedThrough: await closedThrough(logs, kpi, tenant, generation),
    ...(record === undefined ? {} : { onFigure: record.figure, onCovered: record.covered }),
  })
}

/** Without a raw log, in an archived copy, the rows alone show which intervals are closed. */
const closedThrough = (logs: Logs, kpi: EventLog, tenant: string, generation: Generation) =>
  ifThere(async () => closedThroughOf(await logs.raw('reader'), kpi, tenant, generation))
