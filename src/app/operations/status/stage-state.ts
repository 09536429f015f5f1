import type { Alarm } from '../../pipeline/activity.js'
import type { StageHealth } from '../../pipeline/health.js'
import type { Writer } from '../../../log/embedded/lock/writer-of.js'
import type { StageState } from './report.js'
import type { Waiting } from './waiting.js'

/** What was seen of a stage. `isKnowable`: whether a process of it would have been seen. */
export type Seen = Readonly<{
  waiting: Waiting | undefined
  health: StageHealth | undefined
  writer: Writer | undefined
  isKnowable: boolean
  now: number
}>

/** Without a process that can be seen, this long is too long for something to wait. */
const STALLED_AFTER_MS = 120_000

/** The state of a stage that nothing has refused, with what to say about it. */
export const stageState = (seen: Seen): Readonly<{ state: StageState; says: string | null }> => {
  const { waiting, health, writer, isKnowable, now } = seen
  if (health !== undefined) return byHealth(health, waiting)
  const isAlive = writer?.liveness === 'alive'
  if (waiting === undefined || waiting.events === 0) return { state: isAlive ? 'working' : 'idle', says: null }
  if (isAlive) return { state: 'behind', says: null }
  if (isKnowable) return { state: 'stalled', says: 'no process works on it' }
  const waitsMs = waiting.since === undefined ? 0 : now - waiting.since
  return waitsMs > STALLED_AFTER_MS
    ? { state: 'stalled', says: 'no process was seen to work on it' }
    : { state: 'behind', says: null }
}

const LOOK_AT: Readonly<Record<Alarm, string>> = {
  'events-too-late': 'streamvane clock show',
  'clock-held': 'streamvane clock show',
  'rows-dead-lettered': 'its log says which rows, and why',
  'sealing-stopped': 'its log says why',
  'source-away': 'its log says why',
  'source-ended': 'its log says why; mend it and start the process again',
  'feed-refused': 'streamvane feeds log --result refused',
  'feed-halted': 'its log says why',
  'genesys-sync-failed': 'streamvane genesys sync',
  'genesys-gap': 'filled as soon as Genesys has the data; streamvane genesys backfill does it by hand',
  'genesys-reconcile-failed': 'streamvane genesys reconcile',
}

const byHealth = (
  { state, end, troubles, alarms, details }: StageHealth,
  waiting: Waiting | undefined,
): Readonly<{ state: StageState; says: string | null }> => {
  const [trouble] = troubles
  if (trouble !== undefined) return { state: 'stalled', says: `${trouble.trouble} since ${trouble.since}` }
  if (state === 'ended')
    return end === 'refused' || end === 'superseded' || end === 'failed'
      ? { state: 'refused', says: `it ended: ${end}; its log says why` }
      : { state: 'idle', says: null }
  if (state === 'paused') return { state: 'paused', says: details?.['paused'] ?? null }
  const says = alarms.length === 0 ? null : alarms.map(({ alarm }) => `${alarm} (${LOOK_AT[alarm]})`).join(', ')
  return { state: (waiting?.events ?? 0) > 0 ? 'behind' : 'working', says }
}
