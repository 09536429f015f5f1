import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import type { GenesysClient } from '../../../genesys/client.js'
import { backoffMs, pause } from '../../../log/backoff.js'
import type { EventLog } from '../../../log/event-log.js'
import type { GenesysSettings } from '../../config/genesys-schema.js'
import { KnownConfiguration } from '../../operations/genesys/sync/known-configuration.js'
import { planSync, type SyncPlan } from '../../operations/genesys/sync/plan-sync.js'
import { countsText, storePlan, syncError } from '../../operations/genesys/sync/sync.js'
import { journaled } from '../../operations/journal/journaled.js'
import type { Logs } from '../logs/logs.js'
import type { StageControl, StageEnd } from '../stage.js'

export type SyncStageOptions = Readonly<{
  tenant: string
  raw: EventLog
  logs: Logs
  client: GenesysClient
  organisationSettings: GenesysSettings['organisationSettings']
  everyMs: number
  logger: Logger
  now: () => number
  sleep?: (delayMs: number, signal: AbortSignal) => Promise<void>
}>

/** After a failed sync the next is tried sooner than the schedule says. */
const BACKOFF_FIRST_MS = 30_000

/**
 * Syncs the configuration of the organisation at the start and then at each period, until the signal aborts. A sync
 * that fails or leaves something out is told in the log of the process, and health has the alarm `genesys-sync-failed`
 * until one succeeds; nothing else waits for it. One that changed something is in the journal.
 */
export const runSync = async (options: SyncStageOptions, control: StageControl): Promise<StageEnd> => {
  const { tenant, everyMs, logger, now, sleep = pause } = options
  const { signal, gate, activity } = control
  const known = new KnownConfiguration(tenant)
  let last: number | undefined
  let next: number | undefined
  let problem: string | undefined
  let failures = 0
  activity.say('lastSync', () => (last === undefined ? undefined : iso(last)))
  activity.say('nextSync', () => (next === undefined ? undefined : iso(next)))
  activity.say('problem', () => problem)
  activity.watch('genesys-sync-failed', () => problem !== undefined)
  control.started()
  while (!signal.aborted) {
    try {
      const plan = await gate.step(signal, () => syncOnce(options, known, signal))
      if (plan === undefined) break
      failures = 0
      last = now()
      problem = plan.problems.length === 0 ? undefined : `${plan.problems.length} told in the log of the process`
      for (const each of plan.problems) logger.warn({ problem: each }, 'genesys sync: something is left out')
      if (plan.changed.length > 0) logger.info({ changed: countsText(plan) }, 'genesys sync: stored what changed')
    } catch (cause) {
      if (signal.aborted) break
      failures += 1
      problem = cause instanceof Error ? cause.name : 'unknown'
      logger.warn({ err: cause, failures }, 'genesys sync: failed, tried again')
    }
    const retryMs = backoffMs({ firstMs: BACKOFF_FIRST_MS, maxMs: everyMs }, failures - 1)
    const delayMs = failures === 0 ? everyMs : Math.min(everyMs, retryMs)
    next = now() + delayMs
    await sleep(delayMs, signal)
  }
  return { kind: 'stopped' }
}

/** Throws where nothing could be synced or stored. */
const syncOnce = async (
  { tenant, raw, logs, client, organisationSettings, logger, now }: SyncStageOptions,
  known: KnownConfiguration,
  signal: AbortSignal,
): Promise<SyncPlan> => {
  await known.refresh(raw)
  const planned = await planSync({ client, known, organisationSettings, acceptRemovals: false, now: now(), signal })
  if (E.isLeft(planned)) throw syncError(planned.left)
  const plan = planned.right
  if (plan.changed.length === 0) return plan
  const operation = { tenant, operation: 'genesys sync', by: 'run', via: 'schedule' } as const
  await journaled(
    logs,
    { ...operation, details: { organisation: plan.organisation?.id } },
    async (note) => {
      await storePlan(raw, plan, { tenant, now: now() })
      note({ summary: { stored: countsText(plan), problems: plan.problems.length } })
    },
    { now, onUnrecordedEnd: (cause) => logger.warn({ err: cause }, 'genesys sync: its end could not be recorded') },
  )
  return plan
}

const iso = (at: number): string => new Date(at).toISOString()
