import type { Alarm } from '../../pipeline/activity.js'
import type { StageHealth } from '../../pipeline/health.js'
import type { Writer } from '../../../log/embedded/lock/writer-of.js'
import type { StageState, StageStatus } from './report.js'
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
/** A process sends a heartbeat every second, also on a busy machine most of them: one that is silent for so long hangs. */
const SILENT_AFTER_MS = 20_000

export type SeenState = Pick<StageStatus, 'state' | 'since' | 'says'>

/** The state of a stage that nothing has refused, with what to say about it. */
export const stageState = (seen: Seen): SeenState => {
  const { waiting, health, writer, isKnowable, now } = seen
  if (health !== undefined) return byHealth(health, waiting)
  if (writer?.liveness === 'alive') {
    const { heardAt, pid, host } = writer
    if (heardAt !== undefined && now - heardAt > SILENT_AFTER_MS)
      return stalled(`its process, pid ${pid} on ${host}, gives no sign of life`, heardAt)
    return calm((waiting?.events ?? 0) > 0 ? 'behind' : 'working')
  }
  if (waiting === undefined || waiting.events === 0) return calm('idle')
  // What waits came after the process had gone, or the process went while it waited.
  const since = Math.max(waiting.since ?? -Infinity, writer?.heardAt ?? -Infinity)
  if (isKnowable) return stalled('no process works on it', since)
  const waitsMs = waiting.since === undefined ? 0 : now - waiting.since
  return waitsMs > STALLED_AFTER_MS ? stalled('no process was seen to work on it', since) : calm('behind')
}

/** What a person should know, with since when; empty where there is nothing. */
export const saysSince = ({ says, since }: Pick<SeenState, 'says' | 'since'>): string =>
  [says ?? '', since === null ? '' : `since ${since}`].filter(Boolean).join(' ')

const calm = (state: StageState, says: string | null = null): SeenState => ({ state, since: null, says })

const stalled = (says: string, since: number): SeenState => ({
  ...{ state: 'stalled', says },
  since: Number.isFinite(since) ? new Date(since).toISOString() : null,
})

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

const byHealth = ({ state, end, troubles, alarms, details }: StageHealth, waiting: Waiting | undefined): SeenState => {
  const [trouble] = troubles
  if (trouble !== undefined) return { state: 'stalled', since: trouble.since, says: trouble.trouble }
  if (state === 'ended')
    return end === 'refused' || end === 'superseded' || end === 'failed'
      ? calm('refused', `it ended: ${end}; its log says why`)
      : calm('idle')
  if (state === 'paused') return calm('paused', details?.['paused'] ?? null)
  const says = alarms.length === 0 ? null : alarms.map(({ alarm }) => `${alarm} (${LOOK_AT[alarm]})`).join(', ')
  return calm((waiting?.events ?? 0) > 0 ? 'behind' : 'working', says)
}
