import { deadLetterStream } from '../../domain/stream-name.js'
import { noteOfLetter } from '../../ingress/dead-letter.js'
import { contentId } from '../../log/content-id.js'
import { plainEvent } from '../../log/event-log.js'
import type { EventLog, RecordedEvent } from '../../log/event-log.js'
import {
  fingerprint,
  SetDigest,
  type Difference,
  isSingleLog,
  lastOf,
  streamPages,
  type Bounds,
  type Endpoint,
} from './endpoint.js'
import { Tally, type Amount } from './append.js'

/** The logs that dead letters come from, each through a revision, and the log that they go to. */
export type DeadLetterRoute = Readonly<{ from: readonly Readonly<{ log: EventLog; through: number }>[]; to: EventLog }>

/**
 * If source and target both have separate parts, each part keeps its dead letters. If either is a single log, all dead
 * letters go to the raw log, and an input that several parts refused for the same reason is stored once.
 */
export const deadLetterRoutes = (source: Endpoint, target: Endpoint, bounds: Bounds): readonly DeadLetterRoute[] => {
  const from = (log: EventLog) => ({ log, through: bounds.deadLetters.get(log) ?? -1 })
  if (isSingleLog(source) || isSingleLog(target))
    return [{ from: [...bounds.deadLetters.keys()].map(from), to: target.raw }]
  return [
    { from: [from(source.raw)], to: target.raw },
    ...[...source.kpi].map(([name, log]) => ({ from: [from(log)], to: target.kpi.get(name) as EventLog })),
  ]
}

/**
 * Dead letters handled in one pass. Their ids are held in memory, so a larger number is partitioned by id, and the
 * streams are read once for each partition.
 */
const DEAD_LETTERS_MAX = 200_000

/** Yields a predicate for each partition of the ids. */
async function* partitions(
  route: DeadLetterRoute,
  tenant: string,
  deadLettersMax: number,
): AsyncGenerator<(id: string) => boolean> {
  const there = (await lastOf(route.to, deadLetterStream(tenant))) + 1
  const all = route.from.reduce((sum, { through }) => sum + through + 1, there)
  const count = Math.max(1, Math.ceil(all / deadLettersMax))
  for (let nth = 0; nth < count; nth++) yield (id) => parseInt(id.slice(0, 8), 16) % count === nth
}

/** Dead letters of the source that the target lacks, each once. */
export async function* missingDeadLetters(
  route: DeadLetterRoute,
  tenant: string,
  deadLettersMax = DEAD_LETTERS_MAX,
): AsyncGenerator<RecordedEvent> {
  const stream = deadLetterStream(tenant)
  for await (const isInPartition of partitions(route, tenant, deadLettersMax)) {
    const there = new Set<string>()
    for await (const page of streamPages(route.to, stream))
      for (const { id } of page.map(placeless)) if (isInPartition(id)) there.add(id)
    for (const { log, through } of route.from)
      for await (const page of streamPages(log, stream, 0, through))
        for (const event of page) {
          const { id } = placeless(event)
          if (!isInPartition(id) || there.has(id)) continue
          there.add(id)
          yield event
        }
  }
}

export type DeadLettersCompared = Readonly<{
  differences: readonly Difference[]
  source: SetDigest
  target: SetDigest
  there: Amount
}>

/**
 * Compares the dead letters of source and target as sets. A dead letter that the target lacks is a difference only if
 * `mustHoldAll`.
 */
export const compareDeadLetters = async (
  route: DeadLetterRoute,
  tenant: string,
  mustHoldAll: boolean,
  deadLettersMax = DEAD_LETTERS_MAX,
): Promise<DeadLettersCompared> => {
  const stream = deadLetterStream(tenant)
  const differences: Difference[] = []
  const [source, target, there] = [new SetDigest(), new SetDigest(), new Tally()]
  for await (const isInPartition of partitions(route, tenant, deadLettersMax)) {
    // Several projectors may have stored a dead letter for one input, each with its own time in the note. Any of them
    // counts as equal.
    const known = new Map<string, Set<string>>()
    for (const { log, through } of route.from)
      for await (const page of streamPages(log, stream, 0, through))
        for (const event of page.map(placeless)) {
          if (!isInPartition(event.id)) continue
          if (!known.has(event.id)) source.add(withoutNote(event))
          known.set(event.id, (known.get(event.id) ?? new Set()).add(printOf(event)))
        }
    const seen = new Set<string>()
    for await (const page of streamPages(route.to, stream))
      for (const event of page.map(placeless)) {
        if (!isInPartition(event.id)) continue
        target.add(withoutNote(event))
        there.add(event.revision, event)
        const prints = known.get(event.id)
        const what =
          prints === undefined ? 'is not in the source' : seen.has(event.id) ? 'is there twice' : 'has other content'
        if (prints?.has(printOf(event)) !== true || seen.has(event.id)) differences.push(letter(stream, event, what))
        seen.add(event.id)
      }
    if (mustHoldAll)
      for (const id of known.keys())
        if (!seen.has(id)) differences.push({ stream, what: `dead letter ${id} is missing` })
  }
  return { differences, source, target, there: there.amount() }
}

/**
 * The letter as it is compared: of a stretch of late events without its positions, which are others in each log, and
 * which change where events are erased. The count tells records of one stretch apart.
 */
const placeless = (event: RecordedEvent): RecordedEvent => {
  const { stretch, receivedAt } = noteOfLetter(event)
  if (stretch === undefined) return event
  const { generation, day, topic, bucket = '', count } = stretch
  const id = contentId('late-stretch', generation, day, topic, bucket, String(count))
  return { ...plainEvent(event), id, data: new Uint8Array(0), metadata: Buffer.from(receivedAt) }
}

const printOf = (event: RecordedEvent): string => fingerprint('', event).toString('base64')
const withoutNote = (event: RecordedEvent): RecordedEvent => ({ ...plainEvent(event), metadata: new Uint8Array(0) })
const letter = (stream: string, { id, revision }: RecordedEvent, what: string): Difference => ({
  stream,
  revision,
  what: `dead letter ${id} ${what}`,
})
