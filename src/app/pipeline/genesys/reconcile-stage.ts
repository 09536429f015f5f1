import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import type { GenesysClient } from '../../../genesys/client.js'
import type { Timing } from '../../../genesys/timing.js'
import { readReconciliations } from '../../operations/acceptance/reconciliation.js'
import { genesysError } from '../../operations/genesys/failed.js'
import { dayBefore, reconcileRange, sourceName } from '../../operations/genesys/reconcile-range.js'
import { ifThere } from '../../operations/imports/import-configuration.js'
import { liveGeneration } from '../../operations/imports/late-count.js'
import { journaled } from '../../operations/journal/journaled.js'
import { isEqual, type ReconcileReport } from '../../reconcile/report/report.js'
import type { Logs } from '../logs/logs.js'
import type { StageControl, StageEnd } from '../stage.js'

export type ReconcileStageOptions = Readonly<{
  tenant: string
  data: string
  logs: Logs
  client: GenesysClient
  /** Days to compare, counted back from today in the zone of the live generation. */
  days: readonly number[]
  logger: Logger
  timing: Timing
}>

const LOOK_EVERY_MS = 3_600_000

/**
 * Compares days with the aggregates of Genesys, each once for each distance from today, and keeps the outcome in the
 * log. Differences and failures are told in the log of the process, with the alarm `genesys-reconcile-failed` until the
 * next one is well; what failed is tried again in an hour.
 */
export const runReconcile = async (options: ReconcileStageOptions, control: StageControl): Promise<StageEnd> => {
  const { logger, timing } = options
  const { signal, gate, activity } = control
  let problem: string | undefined
  let last: string | undefined
  activity.say('lastReconciled', () => last)
  activity.say('problem', () => problem)
  activity.watch('genesys-reconcile-failed', () => problem !== undefined)
  control.started()
  while (!signal.aborted) {
    try {
      await gate.step(signal, async () => {
        for (const { day, report } of await reconcileDays(options, signal)) {
          last = day
          problem = isEqual(report) ? undefined : `${report.figures.different} figures of ${day} differ`
          logger[isEqual(report) ? 'info' : 'warn']({ day, ...report.figures }, 'genesys: reconciled')
        }
      })
    } catch (cause) {
      if (signal.aborted) break
      problem = cause instanceof Error ? cause.name : 'unknown'
      logger.warn({ err: cause }, 'genesys: a reconciliation failed; tried again')
    }
    await timing.sleep(LOOK_EVERY_MS, signal)
  }
  return { kind: 'stopped' }
}

type Reconciled = Readonly<{ day: string; report: ReconcileReport }>

/** Compares the days that were not compared yet; none before there are rows. */
const reconcileDays = async (
  { tenant, data, logs, client, days, logger, timing }: ReconcileStageOptions,
  signal: AbortSignal,
): Promise<readonly Reconciled[]> => {
  const generation = await liveGeneration(logs, tenant)
  if (generation === undefined) return []
  const { zone } = generation.profile
  const today = dayBefore(zone, timing.now(), 0)
  /** By source and the day on which it was compared: the same day is compared again after a while. */
  const compared = new Set<string>()
  const control = await ifThere(() => logs.control('reader'))
  if (control !== undefined)
    for await (const { source, at } of readReconciliations(control, tenant))
      if (Date.parse(at) >= today.start) compared.add(source.file)
  const outcomes: Reconciled[] = []
  for (const back of days) {
    const range = dayBefore(zone, timing.now(), back)
    const day = sourceName(range)
    if (signal.aborted || compared.has(day)) continue
    const details = { from: new Date(range.start).toISOString(), to: new Date(range.end).toISOString() }
    const report = await journaled(
      logs,
      { tenant, operation: 'genesys reconcile', by: 'run', via: 'schedule', details },
      async (note) => {
        const outcome = await reconcileRange({
          ...{ client, logs, data, tenant, generation, range, keepFor: 'run', now: timing.now, signal },
        })
        if (E.isLeft(outcome)) throw genesysError(outcome.left)
        note({ summary: { generation: generation.name, ...outcome.right.figures } })
        return outcome.right
      },
      {
        now: timing.now,
        onUnrecordedEnd: (cause) =>
          logger.warn({ err: cause }, 'genesys: the end of a reconciliation could not be recorded'),
      },
    )
    outcomes.push({ day: details.from, report })
  }
  return outcomes
}
