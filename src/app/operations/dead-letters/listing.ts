import type { Stage } from '../../../ingress/dead-letter.js'
import { deadLetters, eventsOf, type DeadLetter } from '../dead-letters.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { readDecisions, type Decision, type LetterState } from './decisions.js'

/** A dead letter and what was decided about it. */
export type DecidedLetter = DeadLetter & Readonly<{ state: LetterState; decision?: Decision }>

export type LetterFilter = Readonly<{
  reason?: string | undefined
  stage?: Stage | undefined
  topic?: string | undefined
  state?: LetterState | undefined
  /** Epoch milliseconds: received in `[from, to)`. */
  from?: number | undefined
  to?: number | undefined
  /** Ids, or beginnings of them. */
  ids?: readonly string[] | undefined
}>

/** The dead letters that a filter lets pass, with what was decided about each. */
export async function* listLetters(
  logs: Logs,
  tenant: string,
  filter: LetterFilter = {},
): AsyncIterable<DecidedLetter> {
  const decisions = await readDecisions(logs, tenant)
  for await (const letter of deadLetters(logs, tenant)) {
    const decision = decisions.get(letter.id)
    const decided = {
      ...letter,
      state: decision?.state ?? 'open',
      ...(decision !== undefined && { decision }),
    } as const
    if (passes(decided, filter)) yield decided
  }
}

const passes = (
  { id, note, state }: DecidedLetter,
  { reason, stage, topic, state: wanted, from = -Infinity, to = Infinity, ids }: LetterFilter,
): boolean => {
  const received = Date.parse(note.receivedAt)
  return (
    (reason === undefined || note.reason === reason) &&
    (stage === undefined || note.stage === stage) &&
    (topic === undefined || note.topic === topic || note.stretch?.topic === topic) &&
    (wanted === undefined || state === wanted) &&
    received >= from &&
    received < to &&
    (ids === undefined || ids.some((each) => id.startsWith(each)))
  )
}

/** How many letters, and events that they stand for, there are of a reason, by stage, day of receipt (UTC) and state. */
export type LetterCount = Readonly<{
  reason: string
  stage: Stage
  day: string
  state: LetterState
  letters: number
  events: number
}>

export const countLetters = async (
  logs: Logs,
  tenant: string,
  filter: LetterFilter = {},
): Promise<readonly LetterCount[]> => {
  const counts = new Map<string, LetterCount>()
  for await (const letter of listLetters(logs, tenant, filter)) {
    const { note, state } = letter
    const { reason, stage } = note
    const day = note.receivedAt.slice(0, 10)
    const key = `${day} ${reason} ${stage} ${state}`
    const { letters, events } = counts.get(key) ?? { letters: 0, events: 0 }
    counts.set(key, { reason, stage, day, state, letters: letters + 1, events: events + eventsOf(letter) })
  }
  return [...counts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count)
}
