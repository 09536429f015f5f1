import type { Logger } from 'pino'
import { HistoryChanged, Sealing, type SealingOptions } from '../../operations/audit/sealing.js'
import { SealingSuperseded } from '../../operations/audit/audit-log.js'
import { pause } from '../../../log/backoff.js'
import { LogLocked } from '../../../log/event-log.js'
import { aborted } from '../aborted.js'
import { retrying } from '../retry.js'
import type { StageControl, StageEnd } from '../stage.js'

export type AuditStageOptions = Omit<SealingOptions, 'isHistoryChecked' | 'signal' | 'onProgress'> &
  Readonly<{
    /** How long events wait for a head. */
    everyMs: number
    /** Sign once for everything that is there, and end. */
    untilCaughtUp: boolean
    /** No other stage runs in this process: it ends when no head can be signed any more. */
    isAlone: boolean
    logger: Logger
  }>

const BACKOFF = { firstMs: 200, maxMs: 30_000 }

/**
 * Signs heads of the trees over the log, one every `everyMs` in which something came. Before the first it compares all
 * of history with what was signed. When history was changed, or another process signs, it signs nothing more; the other
 * stages of the process go on, and health has the alarm `sealing-stopped` until the process ends, with exit code 4 or 3.
 */
export const runAudit = async (
  { everyMs, untilCaughtUp, isAlone, logger, ...sealed }: AuditStageOptions,
  { signal, gate, activity }: StageControl,
): Promise<StageEnd> => {
  let isHistoryChecked = true
  let isHalted = false
  activity.watch('sealing-stopped', () => isHalted)
  const halted = async (end: StageEnd, message: string): Promise<StageEnd> => {
    activity.caughtUp()
    if (isAlone) return end
    isHalted = true
    logger.error({ end: end.kind }, `audit: no head is signed any more: ${message}`)
    await aborted(signal)
    return end
  }
  const sealing = async (works: () => void): Promise<StageEnd> => {
    const open = await Sealing.open({ ...sealed, isHistoryChecked, signal, onProgress: () => activity.moved() })
    try {
      for (;;) {
        activity.begun()
        const heads = await gate.step(signal, () => open.round())
        for (const { origin, size, at } of heads ?? []) logger.info({ origin, size, at }, 'audit: a head was signed')
        isHistoryChecked = false
        works()
        activity.caughtUp()
        if (signal.aborted) return { kind: 'stopped' }
        if (untilCaughtUp) return { kind: 'caught-up' }
        await pause(everyMs, signal)
      }
    } finally {
      await open.close()
    }
  }
  const options = { what: 'audit', backoff: BACKOFF, signal, gate, activity, logger, now: sealed.now }
  return retrying<StageEnd>(options, async (works) => {
    try {
      return await sealing(works)
    } catch (cause) {
      if (cause instanceof HistoryChanged) return halted({ kind: 'refused', reason: cause.message }, cause.message)
      if (cause instanceof SealingSuperseded || cause instanceof LogLocked)
        return halted({ kind: 'superseded', by: cause.message }, cause.message)
      throw cause
    }
  })
}
