import type { Flow, FlowStage } from '../../../http/console/shapes.js'
import { duration } from '../../format/duration.js'
import { bytes, count, counted, percent } from '../../format/number.js'
import { alarmRemedy, effectOf, troubleRemedy } from '../remedies.js'

/**
 * Can the numbers be trusted now?
 * - `yes`: everything that came in is counted, and published everywhere.
 * - `partly`: what is shown is right, but something is missing or late, and the reasons say what.
 * - `no`: something stands still, or is refused.
 * - `unknown`: there is nothing to judge by: no figures yet, or no live connection.
 */
export type Verdict = 'yes' | 'partly' | 'no' | 'unknown'

/** Why the numbers cannot be trusted whole: what they lose, since when, and what to do. */
export type Reason = Readonly<{
  weight: 'bad' | 'warn'
  /** The stage, or the part, that it is about. */
  where: string
  what: string
  effect?: string
  since: string | null
  remedy: string
  command: string | null
}>

export type Trust = Readonly<{ verdict: Verdict; says: string; reasons: readonly Reason[] }>

/** Something that waits shorter than this is on its way. */
const BEHIND_MS = 60_000
/** The clock ticks at least every minute; with the grace of an interval this is long. */
const CLOCK_BEHIND_MS = 15 * 60_000
/** A frontier that moved within this time moves: history is read, or a simulation. */
const TICKING_MS = 2 * 60_000
const FREE_DISK_MIN = 0.05

/** Judges the state of the flow. `openLetters`: dead letters about which nothing was decided; `undefined`: not known. */
export const trustIn = (flow: Flow | undefined, openLetters: number | undefined): Trust => {
  if (flow === undefined)
    return { verdict: 'unknown', says: 'It cannot be told: Streamvane has not answered yet.', reasons: [] }
  const reasons = [...logReasons(flow), ...flow.stages.flatMap((stage) => stageReasons(stage, flow))]
  reasons.push(...clockReasons(flow), ...letterReasons(openLetters), ...diskReasons(flow))
  const bad = reasons.filter(({ weight }) => weight === 'bad')
  if (bad.length > 0)
    return {
      verdict: 'no',
      says: `No: ${lowered(bad[0]?.effect ?? bad[0]?.what ?? '')}`,
      reasons: [...bad, ...others(reasons)],
    }
  if (flow.kpi === null) return { verdict: 'unknown', says: 'There are no figures yet: nothing was computed.', reasons }
  if (reasons.length > 0)
    return { verdict: 'partly', says: `With reservations: ${counted(reasons.length, 'thing')} to know.`, reasons }
  return {
    ...{ verdict: 'yes', reasons },
    says: 'Yes: everything that came in is counted, and published.',
  }
}

const others = (reasons: readonly Reason[]): readonly Reason[] => reasons.filter(({ weight }) => weight !== 'bad')

const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

const logReasons = ({ log }: Flow): readonly Reason[] =>
  log.state !== 'unreachable'
    ? []
    : [
        {
          ...{ weight: 'bad', where: 'Raw log', what: log.says ?? 'The log does not answer.', since: null },
          effect: 'Nothing is taken in, computed or shown anew.',
          remedy: 'Look at its disk, or at EventStoreDB.',
          command: 'streamvane doctor --only log eventstoredb disk',
        },
      ]

/** A generation that is being computed beside the live one does not change what can be said of the live figures. */
const isBeside = ({ kind, stage }: FlowStage): boolean => kind === 'projector' && stage.includes(' ')

const stageReasons = (stage: FlowStage, { mode }: Flow): readonly Reason[] => {
  const alarms = stage.alarms.map(({ alarm, since }): Reason => {
    const { what, remedy, command } = alarmRemedy(alarm)
    return { weight: 'warn', where: stage.stage, what, since, remedy, command: command ?? null }
  })
  // Over a folder without a process a stage that does nothing is as it should be.
  if (mode === 'read-only' && stage.state === 'stalled' && stage.troubles.length === 0) return alarms
  const state = stateReason(stage)
  return state === undefined ? alarms : [state, ...alarms]
}

const stateReason = (stage: FlowStage): Reason | undefined => {
  const weight = isBeside(stage) || stage.kind === 'feed' || stage.kind === 'other' ? 'warn' : 'bad'
  const about = { where: stage.stage, effect: effectOf(stage), since: stage.since }
  switch (stage.state) {
    case 'working':
    case 'idle':
      return undefined
    case 'behind':
      return behindReason(stage)
    case 'paused':
      return {
        ...{ ...about, weight: isBeside(stage) ? 'warn' : weight, what: `Paused by an operator${reasonGiven(stage)}.` },
        remedy: 'Resume it when the reason is gone.',
        command: stage.mend ?? (stage.kind === 'projector' ? 'streamvane projections resume' : null),
      }
    case 'stalled': {
      const [trouble] = stage.troubles
      if (trouble !== undefined) {
        const { what, remedy, command } = troubleRemedy(trouble.trouble, stage)
        return { ...about, weight, what, since: trouble.since, remedy, command: stage.mend ?? command ?? null }
      }
      return {
        ...{ ...about, weight, what: stage.says ?? 'There is something to do, and nobody does it.' },
        remedy: 'Start the process that does it.',
        command: stage.mend ?? 'streamvane run',
      }
    }
    case 'refused':
      return {
        ...{ ...about, weight, what: stage.says ?? 'It ended: the log or the destination does not let it go on.' },
        remedy: 'Read the reason in the log of the process, mend it, and start the process again.',
        command: stage.mend ?? 'streamvane doctor',
      }
    case 'unreachable':
      return {
        ...{ ...about, weight, what: stage.says ?? 'The destination does not answer.' },
        remedy: 'Bring it back. Nothing is lost: the stage goes on where it was.',
        command: stage.mend ?? 'streamvane doctor --only broker registry',
      }
  }
}

const reasonGiven = ({ says }: FlowStage): string => (says === null ? '' : ` ${says.replace(/\.$/, '')}`)

const behindReason = (stage: FlowStage): Reason | undefined =>
  isBeside(stage) || stage.lagMs === null || stage.lagMs < BEHIND_MS
    ? undefined
    : {
        ...{ weight: 'warn', where: stage.stage, since: stage.since },
        what: `It is ${duration(stage.lagMs)} behind${lagText(stage)}.`,
        effect: stage.kind === 'egress' ? 'Destinations get figures late.' : 'The latest figures are still to come.',
        remedy: 'It catches up by itself if its rate is above what comes in. Watch it.',
        command: 'streamvane status --watch',
      }

const lagText = ({ lagEvents, lagIsAtLeast }: FlowStage): string =>
  lagEvents === null ? '' : `, ${lagIsAtLeast === true ? 'at least ' : ''}${counted(lagEvents, 'event')}`

const clockReasons = ({ at, clock, mode, stages }: Flow): readonly Reason[] => {
  const isHeld = stages.some(({ alarms }) => alarms.some(({ alarm }) => alarm === 'clock-held'))
  const isTicking = clock.tickedAt !== null && Date.parse(at) - Date.parse(clock.tickedAt) < TICKING_MS
  if (mode === 'read-only' || isHeld || isTicking || clock.behindMs === null || clock.behindMs < CLOCK_BEHIND_MS)
    return []
  return [
    {
      ...{ weight: 'warn', where: 'Clock', since: clock.tickedAt },
      what: `The frontier is ${duration(clock.behindMs)} behind the wall clock: later intervals are not final.`,
      remedy: 'With imported or simulated events this is as it should be. Else see whether the clock ticks.',
      command: 'streamvane clock show',
    },
  ]
}

const letterReasons = (open: number | undefined): readonly Reason[] =>
  open === undefined || open === 0
    ? []
    : [
        {
          ...{ weight: 'warn', where: 'Dead letters', since: null },
          what: `${counted(open, 'dead letter')} ${open === 1 ? 'is' : 'are'} open: what could not be used is not counted.`,
          remedy: 'Look at each reason; retry what can be used now, discard what is not needed.',
          command: 'streamvane deadletter counts --state open',
        },
      ]

const diskReasons = ({ disk }: Flow): readonly Reason[] => {
  if (disk === null || disk.sizeBytes === 0 || disk.freeBytes / disk.sizeBytes >= FREE_DISK_MIN) return []
  return [
    {
      ...{ weight: 'warn', where: 'Disk', since: null },
      what: `Only ${bytes(disk.freeBytes)} (${percent(disk.freeBytes / disk.sizeBytes)}) of the disk are free.`,
      effect: 'When it is full, nothing more is taken in.',
      remedy: 'Free some of it: retired generations, derived files, old backups.',
      command: 'streamvane projections list',
    },
  ]
}

/** What the badge says in a few words. */
export const trustBadge = ({ verdict, reasons }: Trust): string => {
  switch (verdict) {
    case 'yes':
      return 'Trusted'
    case 'partly':
      return `Reservations (${count(reasons.length)})`
    case 'no':
      return 'Not trusted'
    case 'unknown':
      return 'Unknown'
  }
}
