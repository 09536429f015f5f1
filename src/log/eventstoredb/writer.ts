import * as E from 'fp-ts/lib/Either.js'
import { appendFault, decideAppend, erasedReason } from '../append-rules.js'
import type { AppendFailure, Appended, Position, StreamAppend } from '../event-log.js'
import { gate } from './limiter.js'
import { bytesOf } from '../append-batches.js'
import type { Appender } from './outcome.js'
import type { Tail, Tails } from './stream-heads.js'

type Answer = E.Either<AppendFailure, Appended>
export type WriterLimits = Readonly<{
  /**
   * Appends, and bytes of events, that may wait for the server's answer at a time. One append may exceed the bytes
   * alone.
   */
  inFlightMax: number
  inFlightBytesMax: number
  /** Times an append is decided anew because somebody else wrote to its stream meanwhile. */
  racesMax: number
}>

/**
 * What an append is decided on. Without a `floor` the stream was just looked at; with one, what the log held when it
 * was decided lies at it or before.
 */
type Basis = Readonly<{ tail: Tail; floor?: Position }>

/** Streams looked up at a time: servers limit the calls of one connection. */
const LOOKS_MAX = 32

const refused = (reason: string): Answer => E.left({ tag: 'Refused', reason })

/**
 * Decides here, stores there: the ids a stream holds are looked up, the append is decided, and stored under the
 * revision that the decision rests on. If somebody else was quicker, the server says so and everything is looked at
 * again; so a fact delivered to two processes is stored once.
 *
 * Appends to one stream wait for each other. Those to different streams are under way together, sent in the order
 * given; an entry of a call whose stream the call has named before waits for those before it.
 *
 * A stream known from before is not looked at first, and one not known is taken to be new: in a contact centre most
 * are, and a look at each costs more than storing. A refusal says that others have written to it; it is looked at then,
 * and the entry is stored after its neighbours. But the server takes for a success what somebody has stored already at
 * that very place. The position it answers tells: what was in the log when its end was asked for, once for all of a
 * call, is no news.
 */
export const writer = (
  append: Appender,
  tails: Tails,
  watermark: () => Promise<Position | undefined>,
  limits: WriterLimits,
  closed: () => boolean,
) => {
  const turns = new Map<string, Promise<void>>()
  const room = gate(limits.inFlightMax, limits.inFlightBytesMax)
  const lookRoom = gate(LOOKS_MAX, Infinity)
  /** Whether the server tells the position of what it has just stored. */
  let tellsPositions = false

  const look = async (stream: string): Promise<Tail> => {
    const leave = await lookRoom.enter(0)
    return tails.look(stream).finally(leave)
  }

  /** A place in the stream's queue, taken at once. */
  const queue = (stream: string): Readonly<{ turn: Promise<void>; leave: () => void }> => {
    const turn = turns.get(stream) ?? Promise.resolve()
    let leave!: () => void
    const mine = new Promise<void>((resolve) => (leave = resolve))
    turns.set(stream, mine)
    return {
      turn,
      leave: () => {
        if (turns.get(stream) === mine) turns.delete(stream)
        leave()
      },
    }
  }

  const attempt = async (entry: StreamAppend, { tail, floor }: Basis, race: number): Promise<Answer> => {
    const { stream, events } = entry
    const again = async (): Promise<Basis> => ({ tail: await look(stream) })
    const decision = decideAppend(entry, tail.last, (id) => tail.ids.has(id))
    const isOld = floor !== undefined && (E.isLeft(decision) || decision.right.fresh.length === 0)
    // Nothing to store, by what is known: somebody else may have written since, so refusals and last revisions rest on
    // a fresh look.
    if (isOld) return attempt(entry, await again(), race)
    if (E.isLeft(decision)) return decision
    if (decision.right.fresh.length === 0) return E.right({ revision: tail.last, stored: decision.right.stored })
    const { fresh, stored } = decision.right
    const leave = await room.enter(events.reduce((sum, event) => sum + bytesOf(event), 0))
    const outcome = await append(stream, tail.last, fresh).finally(leave)
    switch (outcome.tag) {
      case 'stored': {
        const { position } = outcome
        if (floor === undefined) tellsPositions = position !== undefined
        else if (position === undefined || position <= floor) return attempt(entry, await again(), race)
        tails.grew(
          stream,
          tail,
          fresh.map(({ id }) => id),
          outcome.revision,
        )
        return E.right({ revision: outcome.revision, stored })
      }
      case 'wrong': {
        if (race >= limits.racesMax)
          return E.left({ tag: 'NotAvailable', cause: new Error(`others wrote to ${stream} ${race} times in between`) })
        const basis = await again()
        // More than can be read: the events in between are too old for the stream's policy.
        basis.tail.last = Math.max(basis.tail.last, outcome.actual ?? -1)
        return attempt(entry, basis, floor === undefined ? race + 1 : race)
      }
      case 'erased':
        return E.left({ tag: 'Refused', reason: erasedReason(stream), isErased: true })
      case 'refused':
        return refused(outcome.reason)
      case 'unknown':
        tellsPositions = false // the next may be another server
        tails.forget(stream)
        return E.left({ tag: 'NotAvailable', cause: outcome.cause })
    }
  }

  /**
   * Waits for its turn, and has then what to decide on: what is known of the stream, a guess that it is new, or a look
   * at it.
   */
  const ready = async ({ stream, expected, events }: StreamAppend, turn: Promise<void>): Promise<Basis> => {
    await turn
    const mayBeNew = events.length > 0 && (typeof expected !== 'number' || expected === -1)
    const tail = tails.known(stream) ?? (mayBeNew ? { last: -1, ids: new Set<string>() } : undefined)
    const floor = tail === undefined || !tellsPositions ? undefined : await watermark()
    return tail === undefined || floor === undefined ? { tail: await look(stream) } : { tail, floor }
  }

  const notAvailable =
    (stream: string) =>
    (cause: unknown): Answer => {
      tails.forget(stream)
      return E.left({ tag: 'NotAvailable', cause })
    }

  return async (entries: readonly StreamAppend[]): Promise<readonly Answer[]> => {
    const answers = entries.map((entry): Answer | undefined => {
      const reason = closed()
        ? 'the log is closed'
        : entry.stream.startsWith('$')
          ? 'names that begin with $ are the server’s own'
          : appendFault(entry)
      return reason === undefined ? undefined : refused(reason)
    })
    const places = entries.map((entry, i) => (answers[i] === undefined ? queue(entry.stream) : undefined))
    for (const wave of waves(entries)) {
      const underWay: Promise<void>[] = []
      const readied = wave.map((i) => {
        const place = places[i]
        const tail = place === undefined ? undefined : ready(entries[i]!, place.turn)
        tail?.catch(() => undefined)
        return tail
      })
      for (const [nth, i] of wave.entries()) {
        const entry = entries[i]!
        const known = await readied[nth]?.catch(notAvailable(entry.stream))
        if (known === undefined) continue
        const answer =
          '_tag' in known ? Promise.resolve(known) : attempt(entry, known, 0).catch(notAvailable(entry.stream))
        underWay.push(
          answer.then((final) => {
            answers[i] = final
            places[i]?.leave()
          }),
        )
      }
      await Promise.all(underWay)
    }
    return answers.map((answer) => answer!)
  }
}

/** Entries in order, cut where a stream comes again: within a wave every stream is its own. */
const waves = (entries: readonly StreamAppend[]): readonly (readonly number[])[] => {
  const cut: number[][] = []
  const seen = new Set<string>()
  for (const [i, { stream }] of entries.entries()) {
    if (i === 0 || seen.has(stream)) {
      cut.push([])
      seen.clear()
    }
    seen.add(stream)
    cut.at(-1)!.push(i)
  }
  return cut
}
