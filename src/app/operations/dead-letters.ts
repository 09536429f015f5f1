import { deadLetterStream } from '../../domain/stream-name.js'
import { lateLetter, noteOfLetter, type DeadLetterNote, type LateStretch } from '../../ingress/dead-letter.js'
import type { EventLog } from '../../log/event-log.js'
import { ifThere } from '../../log/if-there.js'
import { readGenerations } from '../pipeline/generations.js'
import type { Logs } from '../pipeline/logs/logs.js'

/** A stored dead letter. `id` names it for `show`; `part` is the part of the log that holds it. */
export type DeadLetter = Readonly<{ id: string; part: string; note: DeadLetterNote; raw: Uint8Array }>

/**
 * All dead letters: those of the ingress (part `raw`), and those of the projector of each generation. Each input occurs
 * once per part. Of a stretch of events behind the late horizon, the last record is told, after the others of its part.
 */
export async function* deadLetters(logs: Logs, tenant: string): AsyncIterable<DeadLetter> {
  const seen = new Set<EventLog>()
  for (const { part, log } of await parts(logs, tenant)) {
    if (seen.has(log)) continue
    seen.add(log)
    const stretches = new Map<string, DeadLetter>()
    for await (const batch of log.readStream(deadLetterStream(tenant)))
      for (const event of batch) {
        const note = noteOfLetter(event)
        const letter = { id: event.id, part, note, raw: event.data }
        const { stretch } = note
        if (stretch === undefined) yield letter
        else {
          const key = `${keyOf(stretch)} ${stretch.bucket ?? ''}`
          const known = stretches.get(key)?.note.stretch
          if (known === undefined || BigInt(known.last) < BigInt(stretch.last)) stretches.set(key, letter)
        }
      }
    yield* added([...stretches.values()], tenant)
  }
}

const keyOf = ({ generation, day, topic }: LateStretch): string => `${generation} ${day} ${topic}`

/**
 * The letters of one stretch as one. Those of buckets add up. A projector without buckets counts the same events: of
 * the two the one that has counted more is told.
 */
const added = (letters: readonly DeadLetter[], tenant: string): readonly DeadLetter[] => {
  const together = new Map<string, DeadLetter>()
  const tell = (letter: DeadLetter, adds: boolean): void => {
    const { stretch } = letter.note as { stretch: LateStretch }
    const known = together.get(keyOf(stretch))
    if (known === undefined) together.set(keyOf(stretch), letter)
    else if (adds) together.set(keyOf(stretch), sumOf(known, letter, tenant))
    else if (eventsOf(letter) > eventsOf(known)) together.set(keyOf(stretch), letter)
  }
  const isOfBucket = ({ note }: DeadLetter): boolean => note.stretch?.bucket !== undefined
  for (const letter of letters.filter(isOfBucket)) tell(letter, true)
  for (const letter of letters.filter((each) => !isOfBucket(each))) tell(letter, false)
  return [...together.values()]
}

const sumOf = (a: DeadLetter, b: DeadLetter, tenant: string): DeadLetter => {
  const [one, other] = [a.note.stretch as LateStretch, b.note.stretch as LateStretch]
  const first = BigInt(one.first) < BigInt(other.first) ? one.first : other.first
  const [latest, last] = BigInt(one.last) > BigInt(other.last) ? [a, one.last] : [b, other.last]
  const { generation, day, topic } = one
  const stretch = { generation, day, topic, count: one.count + other.count, first, last }
  const { event, note } = lateLetter(stretch, { tenant, receivedAt: Date.parse(latest.note.receivedAt) })
  return { id: latest.id, part: latest.part, note, raw: event.data }
}

/** How many events a dead letter stands for. */
export const eventsOf = ({ note }: DeadLetter): number => note.stretch?.count ?? 1

/** Events that projectors refused because they lie behind the late horizon. */
export const behindHorizon = async (logs: Logs, tenant: string): Promise<number> => {
  let events = 0
  for await (const letter of deadLetters(logs, tenant))
    if (letter.note.stage === 'projector' && letter.note.reason === 'too-late') events += eventsOf(letter)
  return events
}

const parts = async (logs: Logs, tenant: string): Promise<readonly Readonly<{ part: string; log: EventLog }>[]> => {
  // Before the first projection there is only the raw part.
  const control = await ifThere(() => logs.control('reader'))
  const { all } = control === undefined ? { all: {} } : await readGenerations(control, tenant)
  const parts = [{ part: 'raw', log: await logs.raw('reader') }]
  for (const name of Object.keys(all)) {
    const log = await ifThere(() => logs.kpi(name, 'reader'))
    if (log !== undefined) parts.push({ part: `kpi-${name}`, log })
  }
  return parts
}
