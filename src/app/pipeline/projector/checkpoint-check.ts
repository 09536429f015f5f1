import type { RawEventRef, RawMark } from '../../../contract/kpi-stream/marks.js'
import { LogUnavailable, type EventLog, type RecordedEvent } from '../../../log/event-log.js'
import type { Generation } from '../generations.js'

/**
 * Why a projector must not go on behind a checkpoint:
 *
 * - `other-log`: the generation was computed from another raw log, for example one of another data folder.
 * - `other-history`: it is this raw log, but it does not hold the event that was folded last, for example because it
 *   was restored from an older copy than the KPI log. New events would get positions that count as folded already.
 */
export const checkpointMismatchCodes = ['other-log', 'other-history'] as const
export type CheckpointMismatchCode = (typeof checkpointMismatchCodes)[number]

export type CheckpointCheck = Readonly<{
  raw: EventLog
  generation: Generation
  /** Positions that the generation has in its KPI stream: its checkpoint, and the end of a batch that was cut short. */
  marks: readonly RawMark[]
  isErased: (stream: string) => boolean
  accepted: readonly CheckpointMismatchCode[]
}>

/**
 * The reason why this generation cannot go on from this raw log, and what to do; `undefined` if it can. What an earlier
 * version stored has no origin: then only the length of the raw log is compared.
 */
export const checkpointRefusal = async (check: CheckpointCheck): Promise<string | undefined> => {
  const { generation, accepted } = check
  const found = (await otherLog(check)) ?? (await otherHistory(check))
  if (found === undefined || accepted.includes(found.code)) return undefined
  return (
    `generation ${generation.name} ${found.what}: new events would be taken for counted ones. ` +
    'Restore the raw log and the KPI log from one backup, or run `streamvane rebuild --promote`, which computes all rows ' +
    `from this raw log (to accept it: \`streamvane run --accept-checkpoint ${found.code}\`)`
  )
}

type Mismatch = Readonly<{ code: CheckpointMismatchCode; what: string }>

const otherLog = async ({ raw, generation, marks }: CheckpointCheck): Promise<Mismatch | undefined> => {
  const known = [generation.rawLogId, ...marks.map(({ origin }) => origin?.logId)].filter((id) => id !== undefined)
  if (known.length === 0) return undefined
  const id = await raw.id()
  const other = known.find((each) => each !== id)
  if (other === undefined) return undefined
  return { code: 'other-log', what: `was computed from the raw log ${other}, and this is the raw log ${id}` }
}

const otherHistory = async ({ raw, marks, isErased }: CheckpointCheck): Promise<Mismatch | undefined> => {
  const head = await raw.head()
  for (const { position, origin } of marks) {
    const code = 'other-history'
    if (head === undefined || head < position)
      return { code, what: `has folded the raw log through ${position}, and the raw log ends at ${head ?? 'nothing'}` }
    const event = origin?.event
    if (event === undefined || isErased(event.stream)) continue
    const held = await eventAt(raw, event)
    if (held?.id !== event.id || held.position > position)
      return {
        code,
        what: `has folded event ${event.id} (${event.stream}, revision ${event.revision}), and the raw log holds ${held === undefined ? 'none' : 'another event'} there`,
      }
  }
  return undefined
}

/** The event that a reference names; `undefined` if the log has none there. */
export const eventAt = async (raw: EventLog, { stream, revision }: RawEventRef): Promise<RecordedEvent | undefined> => {
  for await (const [event] of raw.readStream(stream, { from: revision, max: 1 })) return event
  return undefined
}

/**
 * The id of a raw log; `undefined` where a version before ids wrote it, and no process has opened it for writing since.
 */
export const rawLogIdOf = async (raw: EventLog): Promise<string | undefined> => {
  try {
    return await raw.id()
  } catch (cause) {
    if (cause instanceof LogUnavailable) return undefined
    throw cause
  }
}
