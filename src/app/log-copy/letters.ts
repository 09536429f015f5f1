import { deadLetterStream } from '../../domain/stream-name.js'
import type { EventLog, RecordedEvent } from '../../log/event-log.js'
import { fingerprint, SetDigest, type Difference } from './digest.js'
import { Tally, type Amount } from './send.js'
import { isOneLog, lastOf, streamPages, type Bounds, type Side } from './sides.js'

/** Where dead letters come from (each log through a revision) and go to. */
export type LetterRoute = Readonly<{ from: readonly Readonly<{ log: EventLog; through: number }>[]; to: EventLog }>

/**
 * Between logs in parts each part keeps its own; where either side is one log they all go to the raw log, each input
 * refused for the same reason once, as that log would have kept it.
 */
export const letterRoutes = (source: Side, target: Side, bounds: Bounds): readonly LetterRoute[] => {
  const from = (log: EventLog) => ({ log, through: bounds.deadLetters.get(log) ?? -1 })
  if (isOneLog(source) || isOneLog(target)) return [{ from: [...bounds.deadLetters.keys()].map(from), to: target.raw }]
  return [
    { from: [from(source.raw)], to: target.raw },
    ...[...source.kpi].map(([name, log]) => ({ from: [from(log)], to: target.kpi.get(name) as EventLog })),
  ]
}

/**
 * Letters looked at in one go: their ids are held in memory, so more of them are divided by their ids, and the streams
 * read once for each share.
 */
const LETTERS_MAX = 200_000

/** Says of each share of the ids whether an id belongs to it. */
async function* shares(
  route: LetterRoute,
  tenant: string,
  lettersMax: number,
): AsyncGenerator<(id: string) => boolean> {
  const there = (await lastOf(route.to, deadLetterStream(tenant))) + 1
  const all = route.from.reduce((sum, { through }) => sum + through + 1, there)
  const count = Math.max(1, Math.ceil(all / lettersMax))
  for (let share = 0; share < count; share++) yield (id) => parseInt(id.slice(0, 8), 16) % count === share
}

/** Letters of the source that the target does not hold, each once. */
export async function* missingLetters(
  route: LetterRoute,
  tenant: string,
  lettersMax = LETTERS_MAX,
): AsyncGenerator<RecordedEvent> {
  const stream = deadLetterStream(tenant)
  for await (const belongs of shares(route, tenant, lettersMax)) {
    const there = new Set<string>()
    for await (const page of streamPages(route.to, stream)) for (const { id } of page) if (belongs(id)) there.add(id)
    for (const { log, through } of route.from)
      for await (const page of streamPages(log, stream, 0, through))
        for (const event of page) {
          if (!belongs(event.id) || there.has(event.id)) continue
          there.add(event.id)
          yield event
        }
  }
}

export type LettersCompared = Readonly<{
  differences: readonly Difference[]
  source: SetDigest
  target: SetDigest
  there: Amount
}>

/**
 * Puts the dead letters of both sides next to each other, as sets. What the target lacks is only a difference if it
 * `mustHoldAll`.
 */
export const compareLetters = async (
  route: LetterRoute,
  tenant: string,
  mustHoldAll: boolean,
  lettersMax = LETTERS_MAX,
): Promise<LettersCompared> => {
  const stream = deadLetterStream(tenant)
  const differences: Difference[] = []
  const [source, target, there] = [new SetDigest(), new SetDigest(), new Tally()]
  for await (const belongs of shares(route, tenant, lettersMax)) {
    // One input may have been set aside by several projectors, each with an instant of its own in the note: any of them
    // will do.
    const known = new Map<string, Set<string>>()
    for (const { log, through } of route.from)
      for await (const page of streamPages(log, stream, 0, through))
        for (const event of page) {
          if (!belongs(event.id)) continue
          if (!known.has(event.id)) source.add(withoutNote(event))
          known.set(event.id, (known.get(event.id) ?? new Set()).add(printOf(event)))
        }
    const seen = new Set<string>()
    for await (const page of streamPages(route.to, stream))
      for (const event of page) {
        if (!belongs(event.id)) continue
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

const printOf = (event: RecordedEvent): string => fingerprint('', event).toString('base64')
const withoutNote = (event: RecordedEvent): RecordedEvent => ({ ...event, metadata: new Uint8Array(0) })
const letter = (stream: string, { id, revision }: RecordedEvent, what: string): Difference => ({
  stream,
  revision,
  what: `dead letter ${id} ${what}`,
})
