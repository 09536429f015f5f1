import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import type { Interval } from '../../../domain/interval.js'
import type { GenesysClient } from '../../../genesys/client.js'
import type { Timing } from '../../../genesys/timing.js'
import { readReconciliations, type Reconciliation } from '../../operations/acceptance/reconciliation.js'
import { genesysError } from '../../operations/genesys/failed.js'
import { dayBefore, reconcileRange, sourceName } from '../../operations/genesys/reconcile-range.js'
import { ifThere } from '../../../log/if-there.js'
import { liveGeneration } from '../../operations/imports/late-count.js'
import { journaled } from '../../operations/journal/journaled.js'
import type { Generation } from '../generations.js'
import type { Logs } from '../logs/logs.js'
import type { StageControl, StageEnd } from '../stage.js'

export type ReconcileStageOptions = Readonly<{
  tenant: string
  data: string
  logs: Logs
  client: GenesysClient
  /** Days to compare, counted back from today in the zone of the live generation. */
  days: readonly number[]
  /** A day is compared so long after its end at the earliest. */
  delayMs: number
  logger: Logger
  timing: Timing
}>

const LOOK_EVERY_MS = 3_600_000

/**
 * Compares days with the aggregates of Genesys, each once for each distance from today, and keeps the outcome in the
 * log. The alarm `genesys-reconcile-failed` is on while one of today's comparisons has differences, also after a
 * restart, or while one fails; what failed is tried again in an hour.
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
        const problems: string[] = []
        for await (const { day, outcome } of reconcileDays(options, signal)) {
          if (last === undefined || day > last) last = day
          problems.push(...problemsOf(day, outcome))
        }
        problem = problems.length === 0 ? undefined : problems.join('; ')
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

/** `isEmpty`: neither side has anything of the day. */
type Outcome = Readonly<{ figures: Reconciliation['counts']; quarantined: readonly unknown[]; isEmpty: boolean }>

const problemsOf = (day: string, { figures, quarantined, isEmpty }: Outcome): readonly string[] => [
  ...(figures.different > 0 ? [`${figures.different} figures of ${day} differ`] : []),
  ...(quarantined.length > 0 ? [`${quarantined.length} answers for ${day} contradict themselves`] : []),
  ...(figures.compared === 0 && !isEmpty ? [`nothing of ${day} could be compared`] : []),
]

/** The outcome of each day: as the log has it from today, or of a comparison now. None before there are rows. */
async function* reconcileDays(
  options: ReconcileStageOptions,
  signal: AbortSignal,
): AsyncIterable<Readonly<{ day: string; outcome: Outcome }>> {
  const { tenant, logs, days, delayMs, logger, timing } = options
  const generation = await liveGeneration(logs, tenant)
  if (generation === undefined) return
  const { zone } = generation.profile
  const now = timing.now()
  const today = dayBefore(zone, now, 0)
  /** By source. Only from today on: the same day is compared again at another distance. */
  const compared = new Map<string, Outcome>()
  const control = await ifThere(() => logs.control('reader'))
  if (control !== undefined)
    for await (const { source, at, counts, quarantined, isEmpty = false } of readReconciliations(control, tenant))
      if (Date.parse(at) >= today.start) compared.set(source.file, { figures: counts, quarantined, isEmpty })
  for (const back of days) {
    if (signal.aborted) return
    const range = dayBefore(zone, now, back)
    if (now < range.end + delayMs) continue // its figures are still coming
    const day = new Date(range.start).toISOString()
    const known = compared.get(sourceName(range))
    const outcome = known ?? (await reconcileDay(options, generation, range, signal))
    if (known === undefined)
      logger[problemsOf(day, outcome).length === 0 ? 'info' : 'warn'](
        { day, ...outcome.figures },
        outcome.isEmpty ? 'genesys: reconciled: equal, neither side has anything' : 'genesys: reconciled',
      )
    yield { day, outcome }
  }
}

const reconcileDay = (
  { tenant, data, logs, client, logger, timing }: ReconcileStageOptions,
  generation: Generation,
  range: Interval,
  signal: AbortSignal,
): Promise<Outcome> =>
  journaled(
    logs,
    {
      ...{ tenant, operation: 'genesys reconcile', by: 'run', via: 'schedule' },
      details: { from: new Date(range.start).toISOString(), to: new Date(range.end).toISOString() },
    },
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
