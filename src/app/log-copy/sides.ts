import { deadLetterStream, generationsStream, kpiStream } from '../../domain/stream-name.js'
import { NoLog, type EventLog, type Position, type RecordedEvent } from '../../log/event-log.js'
import { memoryLog } from '../../log/memory-log.js'
import { readGenerations } from '../pipeline/generations.js'
import type { Logs, Mode } from '../pipeline/logs.js'

/**
 * One end of a copy: the parts of a tenant's log, which on a server are all the same log. A part that is not there yet
 * is an empty one.
 */
export type Side = Readonly<{
  raw: EventLog
  control: EventLog
  /** By generation. */
  kpi: ReadonlyMap<string, EventLog>
}>

/** Everything is in one log, the dead letters in one stream. */
export const isOneLog = ({ raw, control }: Side): boolean => raw === control

/**
 * Through where a source is copied: what it held when the copy began. Revisions are of the last event, -1 where there
 * is none.
 */
export type Bounds = Readonly<{
  raw: Position | undefined
  generations: number
  /** By generation. */
  rows: ReadonlyMap<string, number>
  deadLetters: ReadonlyMap<EventLog, number>
}>

/**
 * Raw is what has no place of its own: the streams of entities, configuration and clock, and whatever else the tenant
 * has.
 */
export const isRaw = (tenant: string, stream: string): boolean =>
  stream !== deadLetterStream(tenant) &&
  stream !== generationsStream(tenant) &&
  !stream.startsWith(kpiStream(tenant, ''))

/** Opens the parts of these generations. */
export const openSide = async (logs: Logs, generations: readonly string[], mode: Mode): Promise<Side> => {
  const raw = mode === 'writer' ? await logs.raw(mode) : await orEmpty(logs.raw(mode))
  const control = await orEmpty(logs.control(mode))
  const kpi = new Map<string, EventLog>()
  for (const name of generations) kpi.set(name, await orEmpty(logs.kpi(name, mode)))
  return { raw, control, kpi }
}

/** Opens what is to be copied. Throws `NoLog` where there is no raw log. */
export const openSource = async (logs: Logs, tenant: string): Promise<Side> => {
  await logs.raw('reader')
  const { all } = await readGenerations(await orEmpty(logs.control('reader')), tenant)
  return openSide(logs, Object.keys(all), 'reader')
}

/**
 * What the source holds now. The raw log last: whatever position a row stream speaks of lies before its head then.
 * Throws where the control part holds what this version does not know: it would be left behind in silence.
 */
export const boundsOf = async (source: Side, tenant: string): Promise<Bounds> => {
  const { raw, control, kpi } = source
  if (!isOneLog(source))
    for await (const batch of control.readAll({ prefixes: [`${tenant}.`] }))
      for (const { stream } of batch)
        if (stream !== generationsStream(tenant))
          throw new Error(
            `the control part holds the stream ${stream}, which this version does not know; copy with the version that wrote it`,
          )
  const generations = await lastOf(control, generationsStream(tenant))
  const rows = new Map<string, number>()
  for (const [name, log] of kpi) rows.set(name, await lastOf(log, kpiStream(tenant, name)))
  const deadLetters = new Map<EventLog, number>()
  for (const log of [raw, ...kpi.values()]) deadLetters.set(log, await lastOf(log, deadLetterStream(tenant)))
  return { raw: await raw.head(), generations, rows, deadLetters }
}

/** Has the tenant's log grown since? */
export const hasGrown = async (source: Side, tenant: string, bounds: Bounds): Promise<boolean> => {
  for await (const batch of source.raw.readAll({ after: bounds.raw, prefixes: [`${tenant}.`] }))
    if (batch.length > 0) return true
  const now = await boundsOf(source, tenant)
  return (
    now.generations > bounds.generations ||
    [...now.rows].some(([name, last]) => last > (bounds.rows.get(name) ?? -1)) ||
    [...now.deadLetters].some(([log, last]) => last > (bounds.deadLetters.get(log) ?? -1))
  )
}

/** Raw events after a position and through another, in the order of the log. */
export async function* rawBatches(
  log: EventLog,
  tenant: string,
  range: Readonly<{ after?: Position | undefined; through?: Position | undefined }> = {},
): AsyncGenerator<readonly RecordedEvent[]> {
  for await (const batch of log.readAll({ ...range, prefixes: [`${tenant}.`] })) {
    const raw = batch.filter(({ stream }) => isRaw(tenant, stream))
    if (raw.length > 0) yield raw
  }
}

const PAGE_EVENTS = 500

/**
 * A stream through a revision, page by page: nothing is held open meanwhile, however long the reader takes over a page.
 */
export async function* streamPages(
  log: EventLog,
  stream: string,
  from = 0,
  through = Infinity,
): AsyncGenerator<readonly RecordedEvent[]> {
  for (let at = from; at <= through;) {
    const page: RecordedEvent[] = []
    for await (const batch of log.readStream(stream, { from: at, max: Math.min(PAGE_EVENTS, through - at + 1) }))
      page.push(...batch)
    if (page.length === 0) return
    yield page
    at += page.length
  }
}

export const lastOf = async (log: EventLog, stream: string): Promise<number> => (await log.streamRevision(stream)) ?? -1

const orEmpty = async (opening: Promise<EventLog>): Promise<EventLog> => {
  try {
    return await opening
  } catch (cause) {
    if (cause instanceof NoLog) return memoryLog()
    throw cause
  }
}
