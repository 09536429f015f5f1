import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import type { EpochMs } from '../../../domain/interval.js'
import type { GenesysClient } from '../../../genesys/client.js'
import { availableThrough, detailKinds } from '../../../genesys/detail-jobs.js'
import type { Timing } from '../../../genesys/timing.js'
import type { EventLog } from '../../../log/event-log.js'
import { backfill } from '../../operations/genesys/backfill/backfill.js'
import { genesysError } from '../../operations/genesys/failed.js'
import { gapText, noteFilled, readGaps, type KnownGap } from '../../operations/genesys/gaps.js'
import { ifThere } from '../../../log/if-there.js'
import { journaled } from '../../operations/journal/journaled.js'
import type { Logs } from '../logs/logs.js'
import type { StageControl, StageEnd } from '../stage.js'

export type GapsStageOptions = Readonly<{
  tenant: string
  raw: EventLog
  logs: Logs
  client: GenesysClient
  /** How long before and after a gap events may have happened that were sent in it. */
  marginMs: number
  logger: Logger
  timing: Timing
}>

/** How often it looks for gaps, and whether the platform has the data of one. */
const LOOK_EVERY_MS = 60_000

/**
 * Fills the gaps that sources of notifications found, as soon as the platform has the data of a gap and its margins. A
 * backfill that fails is told in the log of the process and tried again; health says which gaps are open, and the alarm
 * `genesys-gap` is on until they are filled. Each filling is in the journal.
 */
export const runGaps = async (options: GapsStageOptions, control: StageControl): Promise<StageEnd> => {
  const { tenant, logs, logger, timing } = options
  const { signal, gate, activity } = control
  let open: readonly KnownGap[] = []
  let last: KnownGap | undefined
  let waitsFor: string | undefined
  activity.say('gap', () => {
    const [gap] = open
    if (gap !== undefined) return `${gapText(gap)}${waitsFor === undefined ? '' : `: ${waitsFor}`}`
    return last === undefined ? undefined : gapText(last)
  })
  activity.watch('genesys-gap', () => open.length > 0)
  control.started()
  while (!signal.aborted) {
    try {
      await gate.step(signal, async () => {
        const known = await readGaps(await ifThere(() => logs.control('reader')), tenant)
        open = known.filter(({ filledAt }) => filledAt === null)
        last = known.findLast(({ filledAt }) => filledAt !== null)
        waitsFor = open.length === 0 ? undefined : await fill(options, open, signal)
        if (waitsFor !== undefined || open.length === 0) return
        last = { ...(open.at(-1) as KnownGap), filledAt: timing.now() }
        for (const gap of open) logger.info({ gap: gapText({ ...gap, filledAt: timing.now() }) }, 'genesys: gap filled')
        open = []
      })
    } catch (cause) {
      if (signal.aborted) break
      waitsFor = cause instanceof Error ? cause.message : String(cause)
      logger.warn({ err: cause }, 'genesys: a gap could not be filled; tried again')
    }
    await timing.sleep(LOOK_EVERY_MS, signal)
  }
  return { kind: 'stopped' }
}

/** Fills gaps by one backfill after the other. Answers what it waits for, if it could not yet. */
const fill = async (
  { tenant, raw, logs, client, marginMs, logger, timing }: GapsStageOptions,
  gaps: readonly KnownGap[],
  signal: AbortSignal,
): Promise<string | undefined> => {
  let through = Infinity
  for (const kind of detailKinds) {
    const available = await availableThrough(client, kind, signal)
    if (E.isLeft(available)) throw genesysError(available.left)
    through = Math.min(through, available.right)
  }
  for (const gap of gaps) {
    if (through < gap.to + marginMs) return `Genesys has the data only through ${new Date(through).toISOString()}`
    const [from, to]: readonly [EpochMs, EpochMs] = [gap.from - marginMs, gap.to + marginMs]
    const details = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), gap: gapText(gap) }
    const operation = { tenant, operation: 'genesys backfill', by: 'run', via: 'schedule', details } as const
    const isFilled = await journaled(
      logs,
      operation,
      async (note) => {
        const filled = await backfill({ client, raw, logs, tenant, from, to, ticks: false, signal, timing })
        if (E.isLeft(filled)) throw genesysError(filled.left)
        const { receipt, records, isStopped } = filled.right
        note({ result: isStopped ? 'stopped' : 'done', summary: { records, stored: receipt.stored } })
        if (!isStopped) await noteFilled(logs, tenant, gap, receipt.stored, timing.now())
        return !isStopped
      },
      {
        now: timing.now,
        onUnrecordedEnd: (cause) => logger.warn({ err: cause }, 'genesys: the end of a backfill could not be recorded'),
      },
    )
    if (!isFilled) return 'the process is stopping'
  }
  return undefined
}
