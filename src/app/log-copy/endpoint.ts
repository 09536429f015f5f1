import {
  deadLetterStream,
  egressProgressPrefix,
  egressProgressStream,
  generationsStream,
  kpiStream,
  pointsPrefix,
  publicationsPrefix,
  publicationsStream,
  recordStreams,
} from '../../domain/stream-name.js'
import { NoLog, type EventLog, type Position, type RecordedEvent, type NewEvent } from '../../log/event-log.js'
import { memoryLog } from '../../log/memory-log.js'
import { readGenerations } from '../pipeline/generations.js'
import type { Logs, Mode } from '../pipeline/logs/logs.js'
import { createHash } from 'node:crypto'

/**
 * One end of a copy: the parts of a tenant's log. On a server all parts are the same log. A part that does not exist
 * yet is an empty log.
 */
export type Endpoint = Readonly<{
  raw: EventLog
  control: EventLog
  /** By generation. */
  kpi: ReadonlyMap<string, EventLog>
  /** By sink. */
  publications: ReadonlyMap<string, EventLog>
}>

/** Whether all parts are one log, with all dead letters in one stream. */
export const isSingleLog = ({ raw, control }: Endpoint): boolean => raw === control

/**
 * What the source held when the copy began; events after that are left to the next run. A revision is that of the last
 * event of a stream, -1 for an empty one.
 */
export type Bounds = Readonly<{
  raw: Position | undefined
  generations: number
  /** By stream of records (`recordStreams`), and of the progress of sinks that keep it in the log. */
  records: ReadonlyMap<string, number>
  /** By generation. */
  rows: ReadonlyMap<string, number>
  /** By sink. */
  publications: ReadonlyMap<string, number>
  deadLetters: ReadonlyMap<EventLog, number>
}>

/**
 * Whether a stream belongs to the raw part: every stream of the tenant except dead letters, generations, records, rows
 * and what buckets found, which holds positions of its own log and is found again. A stream that this version does not know
 * counts as raw, so that a copy does not leave it behind.
 */
export const isRaw = (tenant: string, stream: string): boolean =>
  stream !== deadLetterStream(tenant) &&
  stream !== generationsStream(tenant) &&
  !recordStreams(tenant).includes(stream) &&
  !stream.startsWith(publicationsPrefix(tenant)) &&
  !stream.startsWith(egressProgressPrefix(tenant)) &&
  !stream.startsWith(kpiStream(tenant, '')) &&
  !stream.startsWith(pointsPrefix(tenant))

/** Whether this version knows a stream of the control part. */
const isControl = (tenant: string, stream: string): boolean =>
  stream === generationsStream(tenant) ||
  recordStreams(tenant).includes(stream) ||
  stream.startsWith(egressProgressPrefix(tenant))

/** Opens the raw and control parts, the row part of each of these generations, and what these sinks have recorded. */
export const openEndpoint = async (
  logs: Logs,
  generations: readonly string[],
  sinks: readonly string[],
  mode: Mode,
): Promise<Endpoint> => {
  const raw = mode === 'writer' ? await logs.raw(mode) : await orEmpty(logs.raw(mode))
  const control = await orEmpty(logs.control(mode))
  const kpi = new Map<string, EventLog>()
  for (const name of generations) kpi.set(name, await orEmpty(logs.kpi(name, mode)))
  const publications = new Map<string, EventLog>()
  for (const sink of sinks) publications.set(sink, await orEmpty(logs.publications(sink, mode)))
  return { raw, control, kpi, publications }
}

/** Opens the source of a copy with all its generations. Throws `NoLog` if there is no raw log. */
export const openSource = async (logs: Logs, tenant: string): Promise<Endpoint> => {
  await logs.raw('reader')
  const { all } = await readGenerations(await orEmpty(logs.control('reader')), tenant)
  return openEndpoint(logs, Object.keys(all), await logs.publishingSinks(tenant), 'reader')
}

/**
 * What the source holds now. The head of the raw log is read last, so that it is behind every position that a row
 * stream names. Throws if the control part holds a stream that this version does not know: the copy would lack it.
 */
export const boundsOf = async (source: Endpoint, tenant: string): Promise<Bounds> => {
  const { raw, control, kpi, publications: published } = source
  if (!isSingleLog(source))
    for await (const batch of control.readAll({ prefixes: [`${tenant}.`] }))
      for (const { stream } of batch)
        if (!isControl(tenant, stream))
          throw new Error(
            `the control part holds the stream ${stream}, which this version does not know; copy with the version that wrote it`,
          )
  const generations = await lastOf(control, generationsStream(tenant))
  const records = new Map<string, number>()
  // A sink that keeps its progress in the log has recorded publications.
  const ofSinks = [...published.keys()].map((sink) => egressProgressStream(tenant, sink))
  for (const stream of [...recordStreams(tenant), ...ofSinks]) records.set(stream, await lastOf(control, stream))
  const rows = new Map<string, number>()
  for (const [name, log] of kpi) rows.set(name, await lastOf(log, kpiStream(tenant, name)))
  const publications = new Map<string, number>()
  for (const [sink, log] of published) publications.set(sink, await lastOf(log, publicationsStream(tenant, sink)))
  const deadLetters = new Map<EventLog, number>()
  for (const log of [raw, ...kpi.values()]) deadLetters.set(log, await lastOf(log, deadLetterStream(tenant)))
  return { raw: await raw.head(), generations, records, rows, publications, deadLetters }
}

/** Whether the tenant's log has grown since the bounds were read. */
export const hasGrown = async (source: Endpoint, tenant: string, bounds: Bounds): Promise<boolean> => {
  for await (const batch of source.raw.readAll({ after: bounds.raw, prefixes: [`${tenant}.`] }))
    if (batch.length > 0) return true
  const now = await boundsOf(source, tenant)
  return (
    now.generations > bounds.generations ||
    [...now.rows].some(([name, last]) => last > (bounds.rows.get(name) ?? -1)) ||
    [...now.deadLetters].some(([log, last]) => last > (bounds.deadLetters.get(log) ?? -1))
  )
}

/** Raw events with `after < position <= through`, in the order of the log. */
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
 * Reads a stream through a revision, page by page. Between two pages no read is open, however long the caller takes.
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

/** A place where the target differs from a copy of the source. */
export type Difference = Readonly<{ stream: string; revision?: number; what: string }>

/**
 * SHA-256 over the events of source and target. `what` is a stream, or `raw` for all raw streams in the order of the
 * log. The parts of an event that a copy translates are left out.
 */
export type Digest = Readonly<{ what: string; events: number; source: string; target: string }>

/** SHA-256 of an event and of the place where it stands. */
export const fingerprint = (place: string, { id, type, data, metadata }: NewEvent): Buffer =>
  createHash('sha256')
    .update(`${place}\0${id}\0${type}\0${data.byteLength}\0${metadata.byteLength}\0`)
    .update(data)
    .update(metadata)
    .digest()

/** Digest of a sequence of events. */
export class OrderedDigest {
  readonly #hash = createHash('sha256')
  events = 0

  add(place: string, event: NewEvent): void {
    this.events++
    this.#hash.update(fingerprint(place, event))
  }

  hex(): string {
    return this.#hash.copy().digest('hex')
  }
}

/** Digest of a set of events: the sum of their fingerprints, so their order does not matter. */
export class SetDigest {
  #sum = 0n
  events = 0

  add(event: NewEvent): void {
    this.events++
    this.#sum = (this.#sum + BigInt(`0x${fingerprint('', event).toString('hex')}`)) & ((1n << 256n) - 1n)
  }

  hex(): string {
    return this.#sum.toString(16).padStart(64, '0')
  }
}

export const sameEvent = (a: NewEvent, b: NewEvent): boolean =>
  a.id === b.id &&
  a.type === b.type &&
  Buffer.compare(a.data, b.data) === 0 &&
  Buffer.compare(a.metadata, b.metadata) === 0

/** The fields in which two events differ, in words. */
export const differingFields = (a: NewEvent, b: NewEvent): string =>
  [
    a.id === b.id ? '' : 'id',
    a.type === b.type ? '' : 'type',
    Buffer.compare(a.data, b.data) === 0 ? '' : 'data',
    Buffer.compare(a.metadata, b.metadata) === 0 ? '' : 'metadata',
  ]
    .filter((field) => field !== '')
    .join(', ')

/** Reads batches event by event. */
export class Cursor {
  readonly #batches: AsyncGenerator<readonly RecordedEvent[]>
  #batch: readonly RecordedEvent[] = []
  #at = 0

  constructor(batches: AsyncGenerator<readonly RecordedEvent[]>) {
    this.#batches = batches
  }

  /** The next event; `undefined` at the end. */
  async peek(): Promise<RecordedEvent | undefined> {
    while (this.#at >= this.#batch.length) {
      const next = await this.#batches.next()
      if (next.done === true) return undefined
      this.#batch = next.value
      this.#at = 0
    }
    return this.#batch[this.#at]
  }

  advance(): void {
    this.#at++
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined)
  }
}
