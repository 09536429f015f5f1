import * as E from 'fp-ts/lib/Either.js'
import { bytesOf } from '../../append-batches.js'
import { appendFault, decideAppend, erasedReason } from '../../append-rules.js'
import type { AppendFailure, Appended, Position, StreamAppend } from '../../event-log.js'
import type { Outcome } from './outcome.js'
import { isPartsStream } from '../large/form.js'
import type { LargeAppender } from '../large/append.js'
import { limiter } from '../client/limiter.js'
import type { StreamHead, StreamHeads } from './stream-heads.js'

type Answer = E.Either<AppendFailure, Appended>
export type WriterLimits = Readonly<{
  /**
   * Appends, and bytes of events, that may wait for the server's answer at a time. One append may exceed the bytes
   * alone.
   */
  inFlightMax: number
  inFlightBytesMax: number
  /** How often an append is decided again because another process wrote to its stream meanwhile. */
  racesMax: number
}>

export type WriterPorts = Readonly<{
  appender: LargeAppender
  heads: StreamHeads
  /** See `headBarrier`. */
  barrier: () => Promise<Position | undefined>
  isClosed: () => boolean
}>

/**
 * What an append is decided on. Without a `barrier` the stream was just read. With one, the head is from memory or
 * guessed, and everything that the log held when the append was decided is at this position or before.
 */
type DecisionBasis = Readonly<{ head: StreamHead; barrier?: Position }>

/** A place in a stream's queue: `turn` resolves when the entries before have been answered. */
type Place = Readonly<{ turn: Promise<void>; leave: () => void }>

/** Streams read at a time: servers limit the calls of one connection. */
const LOOKS_MAX = 32

/**
 * Decides here, stores there: the ids that a stream holds are looked up, the append is decided, and stored under the
 * revision that the decision rests on. If another process was quicker, the server says so and the stream is read again;
 * so a fact that is delivered to two processes is stored once.
 *
 * Appends to one stream wait for each other. Those to different streams are under way together, sent in the order
 * given. An entry whose stream the same call has named before waits for the entries before it.
 *
 * A stream that is known is not read first, and one that is not known is assumed to be new: in a contact centre most
 * are, and reading each costs more than storing. If the server refuses, others have written to the stream; it is read
 * then, and the entry is stored after its neighbours. But the server also reports success for an append that somebody
 * has stored already at that very place. The position in its answer tells them apart: what lies at or before the end
 * of the log, asked for once for all entries of a call, is not new.
 *
 * The stream of a large append is always read first, and the entries behind it in the call wait for it.
 */
export class EventStoreDbWriter {
  readonly #ports: WriterPorts
  readonly #limits: WriterLimits
  readonly #inFlight: ReturnType<typeof limiter>
  readonly #looks = limiter(LOOKS_MAX, Infinity)
  readonly #turns = new Map<string, Promise<void>>()

  constructor(ports: WriterPorts, limits: WriterLimits) {
    this.#ports = ports
    this.#limits = limits
    this.#inFlight = limiter(limits.inFlightMax, limits.inFlightBytesMax)
  }

  async append(entries: readonly StreamAppend[]): Promise<readonly Answer[]> {
    const answers = entries.map((entry): Answer | undefined => {
      if (this.#ports.isClosed()) return refused('the log is closed')
      if (isPartsStream(entry.stream)) return refused(`${entry.stream} is named like the parts of a large event`)
      const fault = appendFault(entry)
      return fault === undefined ? undefined : E.left(fault)
    })
    const places = entries.map((entry, i) => (answers[i] === undefined ? this.#queue(entry.stream) : undefined))
    for (const wave of waves(entries)) {
      const prepared = wave.map((i) => {
        const place = places[i]
        const basis = place === undefined ? undefined : this.#prepare(entries[i]!, place.turn)
        basis?.catch(() => undefined)
        return basis
      })
      const underWay: Promise<void>[] = []
      for (const [nth, i] of wave.entries()) {
        const entry = entries[i]!
        const notAvailable = this.#notAvailable(entry.stream)
        const basis = await prepared[nth]?.catch(notAvailable)
        if (basis === undefined) continue
        const answer = '_tag' in basis ? Promise.resolve(basis) : this.#attempt(entry, basis, 0).catch(notAvailable)
        const done = answer.then((final) => {
          answers[i] = final
          places[i]?.leave()
        })
        underWay.push(done)
        // It takes several calls, and the entries behind it come after it.
        if (this.#ports.appender.isLarge(entry.events)) await done
      }
      await Promise.all(underWay)
    }
    return answers.map((answer) => answer!)
  }

  /** Takes a place in the stream's queue at once. */
  #queue(stream: string): Place {
    const turn = this.#turns.get(stream) ?? Promise.resolve()
    let leave!: () => void
    const mine = new Promise<void>((resolve) => (leave = resolve))
    this.#turns.set(stream, mine)
    return {
      turn,
      leave: () => {
        if (this.#turns.get(stream) === mine) this.#turns.delete(stream)
        leave()
      },
    }
  }

  /** Waits for the entry's turn, and has then what to decide on: the head from memory, a guess, or a fresh read. */
  async #prepare({ stream, expected, events }: StreamAppend, turn: Promise<void>): Promise<DecisionBasis> {
    await turn
    // Parts are not written in vain.
    if (this.#ports.appender.isLarge(events)) return this.#look(stream)
    const mayBeNew = events.length > 0 && (typeof expected !== 'number' || expected === -1)
    const guess = mayBeNew ? { last: -1, ids: new Set<string>() } : undefined
    const head = this.#ports.heads.known(stream) ?? guess
    const barrier = head === undefined ? undefined : await this.#ports.barrier()
    return head === undefined || barrier === undefined ? this.#look(stream) : { head, barrier }
  }

  async #look(stream: string): Promise<DecisionBasis> {
    const leave = await this.#looks.enter(0)
    return { head: await this.#ports.heads.look(stream).finally(leave) }
  }

  async #attempt(entry: StreamAppend, basis: DecisionBasis, race: number): Promise<Answer> {
    const { stream, events } = entry
    const { head, barrier } = basis
    const decision = decideAppend(entry, head.last, (id) => head.ids.has(id))
    const storesNothing = E.isLeft(decision) || decision.right.fresh.length === 0
    // Another process may have written since: refusals and last revisions rest on a fresh read.
    if (storesNothing && barrier !== undefined) return this.#attempt(entry, await this.#look(stream), race)
    if (E.isLeft(decision)) return decision
    const { fresh, stored } = decision.right
    if (storesNothing) return E.right({ revision: head.last, stored })
    const leave = await this.#inFlight.enter(events.reduce((sum, event) => sum + bytesOf(event), 0))
    const outcome = await this.#ports.appender.append(stream, head.last, fresh).finally(leave)
    if (outcome.tag === 'stored' && isNew(outcome, barrier)) {
      const ids = fresh.map(({ id }) => id)
      this.#ports.heads.grew(stream, head, ids, outcome.revision)
      return E.right({ revision: outcome.revision, stored })
    }
    return this.#afterFailure(entry, outcome, barrier, race)
  }

  async #afterFailure(
    entry: StreamAppend,
    outcome: Outcome,
    barrier: Position | undefined,
    race: number,
  ): Promise<Answer> {
    const { stream } = entry
    switch (outcome.tag) {
      case 'stored':
        return this.#attempt(entry, await this.#look(stream), race)
      case 'wrong': {
        if (race >= this.#limits.racesMax) {
          const cause = new Error(`other processes wrote to ${stream} ${race} times in between`)
          return E.left({ tag: 'NotAvailable', cause })
        }
        const basis = await this.#look(stream)
        // Further than can be read: the events in between are too old for the stream's policy.
        basis.head.last = Math.max(basis.head.last, outcome.actual ?? -1)
        return this.#attempt(entry, basis, barrier === undefined ? race + 1 : race)
      }
      case 'erased':
        return E.left({ tag: 'Refused', reason: erasedReason(stream), isErased: true })
      case 'exceeds':
        throw new Error(`an append of more than ${outcome.max} bytes came back without being cut`)
      case 'too-large':
        return E.left({ tag: 'TooLarge', reason: outcome.reason })
      case 'unknown':
        this.#ports.heads.forget(stream)
        return E.left({ tag: 'NotAvailable', cause: outcome.cause })
    }
  }

  #notAvailable(stream: string): (cause: unknown) => Answer {
    return (cause) => {
      this.#ports.heads.forget(stream)
      return E.left({ tag: 'NotAvailable', cause })
    }
  }
}

/** Whether what the server reports as stored is not an older event at the same place. */
const isNew = ({ position }: Readonly<{ position: Position | undefined }>, barrier: Position | undefined): boolean =>
  barrier === undefined || (position !== undefined && position > barrier)

const refused = (reason: string): Answer => E.left({ tag: 'Refused', reason })

/** Entries in order, cut where a stream comes again: within a wave every stream occurs once. */
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
