import * as E from 'fp-ts/lib/Either.js'
import { appendFault, decideAppend, erasedReason } from '../append-rules.js'
import { BLOCK_BYTES, BLOCK_EVENTS_MAX, blockShare, encodeBlock, uuidBytes } from './block.js'
import type { BlockEvent } from './block.js'
import { idKey, positionKey, positionOf, runKey, streamKey, streamNumberOf } from './keys.js'
import { erasureOf } from './erase.js'
import type { EmbeddedStore } from './store.js'
import type { AppendFailure, Appended, Erased, NewEvent, Position, StreamAppend } from '../event-log.js'
import {
  CARD_EVENTS_MAX,
  cardBytes,
  cardHolds,
  extendCard,
  isErased,
  lastRevision,
  newCard,
  noteBlock,
  openCard,
} from './stream-index.js'
import type { StreamCard } from './stream-index.js'
import type { Lease } from './writer-lease.js'

type Answer = E.Either<AppendFailure, Appended>
type Waiting = Readonly<{ appends: readonly StreamAppend[]; answer: (answers: readonly Answer[]) => void }>

/**
 * A stream as this writer knows it. Changed as soon as an append is decided, so that the next one is decided upon it;
 * should the commit fail, all heads are thrown away. `number` is -1 until the first commit; `recent` are ids decided in
 * this group that are too many for the card.
 */
type Head = {
  readonly stream: string
  number: number
  last: number
  card: StreamCard
  isTouched: boolean
  recent: Set<string> | undefined
  /**
   * Greatest id of the stream, where all of it was written through this head: a greater one is new, without looking.
   */
  greatest: string | undefined
}
type Placed = BlockEvent & Readonly<{ head: Head }>
type Put = readonly [table: EmbeddedStore['blocks'], key: Buffer, value: Buffer]

/** Event bytes in one commit, at most (but for a single larger call); what waits beyond goes with the next. */
const GROUP_BYTES_MAX = 8 * 1024 * 1024
/**
 * Stream heads kept in memory: those used last, at least this many and at most twice. Live conversations find theirs
 * here; each is at most 1.6 kB.
 */
const HEADS_MAX = 10_000
const NOTHING = Buffer.alloc(0)
const lookedUp = Buffer.alloc(16)

/**
 * The one writer of a part. Appends that wait while a commit is on its way to disk are decided together and share the
 * next: `idle` until one comes, then `committing` group after group until none waits. Decisions are made here against
 * the committed state, which nobody else changes; the store's own thread writes and syncs, so the event loop goes on.
 */
export class EmbeddedWriter {
  readonly #store: EmbeddedStore
  readonly #lease: Lease
  readonly #committed: () => void
  #heads = new Map<string, Head>()
  #olderHeads = new Map<string, Head>()
  #waiting: Waiting[] = []
  #committing: Promise<void> | undefined
  #state: { kind: 'open' } | { kind: 'refusing'; reason: string } = { kind: 'open' }
  #nextStream = 0
  #head: Position = 0n

  /** `committed` is called after each commit that stored something. */
  constructor(store: EmbeddedStore, lease: Lease, committed: () => void) {
    this.#store = store
    this.#lease = lease
    this.#committed = committed
    this.#recall()
  }

  append(appends: readonly StreamAppend[]): Promise<readonly Answer[]> {
    if (this.#state.kind === 'refusing') return Promise.resolve(refuseAll(appends, this.#state.reason))
    return new Promise((answer) => {
      this.#waiting.push({ appends, answer })
      this.#committing ??= this.#commitAll()
    })
  }

  /**
   * Erases a stream: its events' places are left, and a card that says so. Waits its turn between two groups of
   * appends.
   */
  async erase(stream: string): Promise<E.Either<AppendFailure, Erased>> {
    while (this.#committing !== undefined) await this.#committing
    if (this.#state.kind === 'refusing') return E.left({ tag: 'Refused', reason: this.#state.reason })
    const erasing = this.#erase(stream)
    this.#committing = erasing.then(() =>
      this.#waiting.length > 0 ? this.#commitAll() : void (this.#committing = undefined),
    )
    return erasing
  }

  async #erase(stream: string): Promise<E.Either<AppendFailure, Erased>> {
    try {
      const erasure = erasureOf(this.#store, stream)
      if (erasure === undefined) return E.right({ events: 0 })
      const isOurs = await this.#lease.commit(erasure.commit)
      if (!isOurs) return E.left({ tag: 'Refused', reason: `the log was taken over by ${this.#lease.holder()}` })
      for (const heads of [this.#heads, this.#olderHeads]) heads.delete(stream)
      this.#committed()
      return E.right({ events: erasure.events })
    } catch (cause) {
      const why = await causeOf(cause)
      this.#forget(why)
      return E.left({ tag: 'NotAvailable', cause: why })
    }
  }

  /** Refuses what comes, and resolves when what waited has been answered. */
  async stop(reason: string): Promise<void> {
    this.#state = { kind: 'refusing', reason }
    await this.#committing
  }

  async #commitAll(): Promise<void> {
    // Everything that was called in this turn of the event loop may ride along.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#commitGroup(this.#nextGroup())
    this.#committing = undefined
  }

  #nextGroup(): readonly Waiting[] {
    let bytes = 0
    let size = 0
    for (; size < this.#waiting.length && bytes < GROUP_BYTES_MAX; size++)
      for (const { events } of this.#waiting[size]!.appends)
        for (const event of events) bytes += event.data.byteLength + event.metadata.byteLength
    const group = this.#waiting.slice(0, size)
    this.#waiting = this.#waiting.slice(size)
    return group
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    let answers: readonly (readonly Answer[])[]
    try {
      const placed: Placed[] = []
      answers = group.map(({ appends }) => appends.map((append) => this.#decide(append, placed)))
      if (placed.length > 0 && !(await this.#save(placed))) {
        const reason = `this process may no longer write here: the log was taken over by ${this.#lease.holder()}`
        this.#state = { kind: 'refusing', reason }
        answers = group.map(({ appends }) => refuseAll(appends, reason))
      }
    } catch (cause) {
      const why = await causeOf(cause)
      answers = group.map(({ appends }) => appends.map(() => E.left({ tag: 'NotAvailable', cause: why })))
      this.#forget(why)
    }
    this.#age()
    group.forEach(({ answer }, i) => answer(answers[i]!))
  }

  #decide(append: StreamAppend, placed: Placed[]): Answer {
    const reason = appendFault(append)
    if (reason !== undefined) return E.left({ tag: 'Refused', reason })
    const { stream } = append
    const head = this.#headOf(stream)
    if (head !== undefined && isErased(head.card))
      return E.left({ tag: 'Refused', reason: erasedReason(stream), isErased: true })
    const decision = decideAppend(append, head?.last ?? -1, (id) => head !== undefined && this.#holds(head, id))
    if (E.isLeft(decision)) return decision
    const { fresh, stored } = decision.right
    if (fresh.length === 0) return E.right({ revision: head?.last ?? -1, stored })
    const grown = head ?? this.#newHead(stream)
    this.#place(grown, fresh, placed)
    return E.right({ revision: grown.last, stored })
  }

  #place(head: Head, fresh: readonly NewEvent[], placed: Placed[]): void {
    for (const event of fresh) {
      const revision = ++head.last
      const id = uuidBytes(event.id)
      extendCard(head.card, revision, id)
      if (head.greatest !== undefined && event.id > head.greatest) head.greatest = event.id
      if (revision >= CARD_EVENTS_MAX) (head.recent ??= new Set()).add(event.id)
      placed.push({ stream: head.stream, revision, id, event, head })
    }
  }

  #newHead(stream: string): Head {
    const head: Head = {
      stream,
      number: -1,
      last: -1,
      card: newCard(),
      isTouched: false,
      recent: undefined,
      greatest: '',
    }
    this.#heads.set(stream, head)
    return head
  }

  #headOf(stream: string): Head | undefined {
    const young = this.#heads.get(stream)
    if (young !== undefined) return young
    const head = this.#olderHeads.get(stream) ?? this.#storedHead(stream)
    if (head !== undefined) this.#heads.set(stream, head)
    return head
  }

  #storedHead(stream: string): Head | undefined {
    const number = this.#store.streams.get(Buffer.from(stream))
    if (number === undefined) return undefined
    const card = openCard(this.#store.cards.get(number))
    return {
      stream,
      number: streamNumberOf(number),
      last: lastRevision(card),
      card,
      isTouched: false,
      recent: undefined,
      greatest: undefined,
    }
  }

  #holds({ number, last, card, recent, greatest }: Head, id: string): boolean {
    if (greatest !== undefined && id > greatest) return false
    if (recent?.has(id) === true) return true
    const bytes = uuidBytes(id, lookedUp)
    return (
      cardHolds(card, bytes) ||
      (last >= CARD_EVENTS_MAX && number >= 0 && this.#store.index.doesExist(idKey(number, bytes)))
    )
  }

  /** Stores what was decided in one transaction; `false` if this writer has been replaced. */
  async #save(placed: readonly Placed[]): Promise<boolean> {
    const { blocks, streams, cards, index } = this.#store
    // Everything is worked out first: an exception between two puts would leave the store to commit the first of them.
    const puts: Put[] = []
    const touched: Head[] = []
    for (const { head } of placed) {
      if (head.isTouched) continue
      head.isTouched = true
      touched.push(head)
      if (head.number >= 0) continue
      head.number = this.#nextStream++
      puts.push([streams, Buffer.from(head.stream), streamKey(head.number)])
    }
    for (const block of cut(placed)) {
      this.#head += BigInt(block.length)
      const key = positionKey(this.#head)
      puts.push([blocks, key, encodeBlock(block)])
      const runs = new Map<Head, number>()
      for (const { head, revision, id } of block)
        if (revision < CARD_EVENTS_MAX) noteBlock(head.card, revision, key)
        else {
          puts.push([index, idKey(head.number, id), NOTHING])
          runs.set(head, revision)
        }
      for (const [head, revision] of runs) puts.push([index, runKey(head.number, revision), key])
    }
    for (const { number, card } of touched) puts.push([cards, streamKey(number), cardBytes(card)])
    const isOurs = await this.#lease.commit(() => {
      for (const [table, key, value] of puts) void table.put(key, value)
    })
    if (!isOurs) return false
    for (const head of touched) {
      head.isTouched = false
      head.recent = undefined
    }
    this.#committed()
    return true
  }

  /**
   * Two generations: a head used again moves to the young one, and the older goes as a whole. Cheaper than an order
   * kept at every use.
   */
  #age(): void {
    if (this.#heads.size < HEADS_MAX) return
    this.#olderHeads = this.#heads
    this.#heads = new Map()
  }

  /**
   * After a failed commit nothing is known but what the disk says. A full disk leaves the log as it was, and the next
   * commit may succeed; after other errors LMDB refuses to go on, and lmdb-js would wait for ever for a transaction
   * that never began. An empty one in this thread tells which.
   */
  #forget(cause: unknown): void {
    this.#heads.clear()
    this.#olderHeads.clear()
    try {
      this.#store.env.transactionSync(() => undefined)
      this.#recall()
    } catch (fault) {
      const reason = `the log failed (${String(cause)}) and takes no more (${String(fault)}): look after the disk and start this process again`
      this.#state = { kind: 'refusing', reason }
    }
  }

  #recall(): void {
    this.#store.env.resetReadTxn()
    this.#head = 0n
    this.#nextStream = 0
    for (const key of this.#store.blocks.getKeys({ reverse: true, limit: 1 })) this.#head = positionOf(Buffer.from(key))
    for (const key of this.#store.cards.getKeys({ reverse: true, limit: 1 }))
      this.#nextStream = streamNumberOf(Buffer.from(key)) + 1
  }
}

/** Neighbours into blocks, each as large as a block may be. */
const cut = (placed: readonly Placed[]): readonly (readonly Placed[])[] => {
  const blocks: Placed[][] = []
  let block: Placed[] = []
  let bytes = 0
  for (const event of placed) {
    const share = blockShare(event)
    if (block.length > 0 && (bytes + share > BLOCK_BYTES || block.length === BLOCK_EVENTS_MAX)) {
      blocks.push(block)
      block = []
      bytes = 0
    }
    block.push(event)
    bytes += share
  }
  if (block.length > 0) blocks.push(block)
  return blocks
}

const refuseAll = (appends: readonly StreamAppend[], reason: string): readonly Answer[] =>
  appends.map(() => E.left({ tag: 'Refused', reason }))

/** The store says only that a commit failed; why comes in a promise of its own, which must not be left unhandled. */
const causeOf = async (cause: unknown): Promise<unknown> => {
  const why = (cause as { commitError?: Promise<never> } | undefined)?.commitError
  return why === undefined ? cause : why.catch((reason: unknown) => reason)
}
