import type { Position } from '../../log/event-log.js'
import { aborted } from './aborted.js'
import { Activity, type ActivityReport } from './activity.js'
import { PauseGate } from './pause-gate.js'
import { permanentReason } from './permanent.js'

/**
 * Why a stage ended: it was told to; it worked off everything; another instance took over; the log or the destination
 * refuses what it is given; or something that nobody expected.
 */
export type StageEnd =
  | Readonly<{ kind: 'stopped' }>
  | Readonly<{ kind: 'caught-up'; position?: Position | undefined }>
  | Readonly<{ kind: 'superseded'; by: string }>
  | Readonly<{ kind: 'refused'; reason: string }>
  | Readonly<{ kind: 'failed'; cause: unknown }>

/**
 * *starting*: it waits for what it reads, or opens it. *running*. *paused*: nothing is at work, and its place, lock and
 * session are kept. *stopping*: it finishes what it has begun. *ended*: for ever.
 */
export type StageState =
  Readonly<{ kind: 'starting' | 'running' | 'paused' | 'stopping' }> | Readonly<{ kind: 'ended'; end: StageEnd }>

/** A stage of the pipeline that was started. */
export type StageHandle = Readonly<{
  name: string
  state: () => StageState
  /** When it entered that state, in epoch milliseconds. */
  since: () => number
  /** Whether its work moves. */
  activity: () => ActivityReport
  /**
   * Resolves once the stage has finished the batch at hand and holds, or has ended. It keeps its place, and its lock or
   * its session at the destination, so that nobody else takes over meanwhile.
   */
  pause: () => Promise<void>
  /** Goes on from where it holds, unless operators have paused it by the log as well. */
  resume: () => void
  /** Finishes what it has begun, then ends; also when it is paused. */
  stop: () => Promise<StageEnd>
  ended: Promise<StageEnd>
}>

/** What the work of a stage is given by its handle. */
export type StageControl = Readonly<{
  /** Aborts when the stage is to stop. */
  signal: AbortSignal
  /** Between two steps the stage can be paused. */
  gate: PauseGate
  activity: Activity
  /**
   * Pauses the stage for a reason that the log tells, whatever its handle says; `undefined`: that is over. Health tells
   * the reason.
   */
  hold: (reason: string | undefined) => void
  /** The stage has opened what it needs. */
  started: () => void
}>

export type StageOptions = Readonly<{
  name: string
  signal: AbortSignal
  now: () => number
  onState: (state: StageState) => void
  work: (control: StageControl) => Promise<StageEnd>
}>

/**
 * Starts a stage. What its work throws is its end: `refused` where trying again cannot help, else `failed`; `stopped`
 * if it was stopping.
 */
export const startStage = ({ name, signal, now, onState, work }: StageOptions): StageHandle => {
  const gate = new PauseGate()
  const activity = new Activity(now)
  const stopping = new AbortController()
  const either = AbortSignal.any([signal, stopping.signal])
  let state: StageState = { kind: 'starting' }
  let since = now()
  let hasStarted = false
  /** Paused by the handle; and why by the log. */
  let isPaused = false
  let held: string | undefined
  activity.say('paused', () => held)
  const enter = (next: StageState): void => {
    if (state.kind === 'ended' || state.kind === next.kind) return
    state = next
    since = now()
    onState(next)
  }
  const enterWorking = (): void => enter({ kind: hasStarted ? 'running' : 'starting' })
  const started = (): void => {
    hasStarted = true
    if (gate.isOpen && !either.aborted) enterWorking()
  }
  const close = async (): Promise<void> => {
    await gate.close()
    if (!gate.isOpen && !either.aborted) enter({ kind: 'paused' })
  }
  const reopen = (): void => {
    if (isPaused || held !== undefined) return
    activity.moved() // the time that it was held does not count as no progress
    gate.open()
    if (state.kind === 'paused') enterWorking()
  }
  const hold = (reason: string | undefined): void => {
    held = reason
    if (reason === undefined) reopen()
    else void close()
  }
  onState(state)
  const ended = work({ signal: either, gate, activity, hold, started })
    .catch((cause: unknown): StageEnd => {
      if (either.aborted) return { kind: 'stopped' }
      const reason = permanentReason(cause)
      return reason === undefined ? { kind: 'failed', cause } : { kind: 'refused', reason }
    })
    .then((end) => {
      enter({ kind: 'ended', end })
      gate.open()
      return end
    })
  void aborted(either).then(() => enter({ kind: 'stopping' }))
  return {
    name,
    state: () => state,
    since: () => since,
    activity: () => activity.report(),
    pause: () => {
      isPaused = true
      return close()
    },
    resume: () => {
      isPaused = false
      reopen()
    },
    stop: () => {
      stopping.abort()
      return ended
    },
    ended,
  }
}
