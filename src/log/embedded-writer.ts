import * as E from 'fp-ts/lib/Either.js'
import { appendFault, decideAppend } from './append-decision.js'
import { BLOCK_BYTES, BLOCK_EVENTS_MAX, blockShare, encodeBlock, uuidBytes } from './embedded-block.js'
import type { BlockEvent } from './embedded-block.js'
import { idKey, positionKey, positionOf, runKey, streamKey, streamNumberOf } from './embedded-key.js'
import type { EmbeddedStore } from './embedded-store.js'
import type { AppendFailure, Appended, Position, StreamAppend } from './event-log.js'
import { CARD_EVENTS_MAX, cardHolds, extendCard, lastRevision, newCard, openCard } from './stream-card.js'
import type { Lease } from './writer-lease.js'

type Answer = E.Either<AppendFailure, Appended>
type Waiting = Readonly<{ appends: readonly StreamAppend[]; answer: (answers: readonly Answer[]) => void }>

/** A stream as committed: its number in the tables and its card. */
type Head = Readonly<{ number: number; card: Buffer }>
/** A stream while a group is decided: the committed head and what the group adds to it. `last` runs ahead of the card. */
type Draft = { stream: string; number: number; isNew: boolean; card: Buffer; last: number; added: { id: Uint8Array; block: Uint8Array }[]; ids: Set<string> }
type Put = readonly [table: EmbeddedStore['blocks'], key: Buffer, value: Buffer]
type Placed = BlockEvent & Readonly<{ draft: Draft }>

/** Event bytes in one commit, at most (but for a single larger call); what waits beyond goes with the next. */
const GROUP_BYTES_MAX = 8 * 1024 * 1024
/** Stream heads kept in memory, most recently used: live conversations find theirs here. Each is at most 1.6 kB. */
const HEADS_MAX = 20_000
const NOTHING = Buffer.alloc(0)

/**
 * The one writer of a part. Appends that wait while a commit is on its way to disk are decided together and share the next: `idle` until one
 * comes, then `committing` group after group until none waits. Decisions are made here against the committed state, which nobody else
 * changes; the store's own thread writes and syncs, so the event loop goes on.
 */
export class EmbeddedWriter {
  readonly #store: EmbeddedStore
  readonly #lease: Lease
  readonly #committed: () => void
  readonly #heads = new Map<string, Head>()
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
    return new Promise(answer => {
      this.#waiting.push({ appends, answer })
      this.#committing ??= this.#commitAll()
    })
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
      for (const { events } of this.#waiting[size]!.appends) for (const event of events) bytes += event.data.byteLength + event.metadata.byteLength
    const group = this.#waiting.slice(0, size)
    this.#waiting = this.#waiting.slice(size)
    return group
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    let answers: readonly (readonly Answer[])[]
    try {
      const drafts = new Map<string, Draft>()
      const placed: Placed[] = []
      answers = group.map(({ appends }) => appends.map(append => this.#decide(append, drafts, placed)))
      if (placed.length > 0 && !(await this.#save(drafts, placed))) {
        const reason = `this process may no longer write here: the log was taken over by ${this.#lease.holder()}`
        this.#state = { kind: 'refusing', reason }
        answers = group.map(({ appends }) => refuseAll(appends, reason))
      }
    } catch (cause) {
      const why = await causeOf(cause)
      answers = group.map(({ appends }) => appends.map(() => E.left({ tag: 'NotAvailable', cause: why })))
      this.#forget(why)
    }
    group.forEach(({ answer }, i) => answer(answers[i]!))
  }

  #decide(append: StreamAppend, drafts: Map<string, Draft>, placed: Placed[]): Answer {
    const reason = appendFault(append)
    if (reason !== undefined) return E.left({ tag: 'Refused', reason })
    const draft = drafts.get(append.stream) ?? this.#draftOf(append.stream)
    const decision = decideAppend(append, draft.last, id => this.#holds(draft, id))
    if (E.isLeft(decision)) return decision
    const { fresh, stored } = decision.right
    if (fresh.length > 0) drafts.set(append.stream, draft)
    for (const event of fresh) {
      draft.ids.add(event.id)
      placed.push({ stream: append.stream, revision: ++draft.last, id: uuidBytes(event.id), event, draft })
    }
    return E.right({ revision: draft.last, stored })
  }

  #draftOf(stream: string): Draft {
    const head = this.#headOf(stream)
    if (head === undefined) return { stream, number: -1, isNew: true, card: newCard(), last: -1, added: [], ids: new Set() }
    return { stream, number: head.number, isNew: false, card: head.card, last: lastRevision(head.card), added: [], ids: new Set() }
  }

  #headOf(stream: string): Head | undefined {
    const known = this.#heads.get(stream)
    if (known !== undefined) {
      this.#heads.delete(stream)
      this.#heads.set(stream, known)
      return known
    }
    const number = this.#store.streams.get(Buffer.from(stream))
    if (number === undefined) return undefined
    return { number: streamNumberOf(number), card: openCard(this.#store.cards.get(number)!) }
  }

  #holds(draft: Draft, id: string): boolean {
    if (draft.ids.has(id)) return true
    if (draft.isNew) return false
    const bytes = uuidBytes(id)
    if (cardHolds(draft.card, bytes)) return true
    return lastRevision(draft.card) >= CARD_EVENTS_MAX && this.#store.index.doesExist(idKey(draft.number, bytes))
  }

  /** Stores a decided group in one transaction; `false` if this writer has been replaced. */
  async #save(drafts: ReadonlyMap<string, Draft>, placed: readonly Placed[]): Promise<boolean> {
    const { blocks, streams, cards, index } = this.#store
    // Everything is worked out first: an exception between two puts would leave the store to commit the first of them.
    const puts: Put[] = []
    let nextStream = this.#nextStream
    for (const draft of drafts.values()) if (draft.isNew) draft.number = nextStream++
    let head = this.#head
    for (const block of cut(placed)) {
      head += BigInt(block.length)
      const key = positionKey(head)
      puts.push([blocks, key, encodeBlock(block)])
      const runs = new Map<Draft, number>()
      for (const { draft, revision, id } of block)
        if (revision < CARD_EVENTS_MAX) draft.added.push({ id, block: key })
        else {
          puts.push([index, idKey(draft.number, id), NOTHING])
          runs.set(draft, revision)
        }
      for (const [draft, revision] of runs) puts.push([index, runKey(draft.number, revision), key])
    }
    const heads = new Map<string, Head>()
    for (const draft of drafts.values()) {
      const number = streamKey(draft.number)
      const card = extendCard(draft.card, draft.last, draft.added)
      if (draft.isNew) puts.push([streams, Buffer.from(draft.stream), number])
      puts.push([cards, number, card])
      heads.set(draft.stream, { number: draft.number, card })
    }
    const ours = await this.#lease.commit(() => {
      for (const [table, key, value] of puts) void table.put(key, value)
    })
    if (!ours) return false
    this.#head = head
    this.#nextStream = nextStream
    this.#remember(heads)
    this.#committed()
    return true
  }

  #remember(heads: ReadonlyMap<string, Head>): void {
    for (const [stream, head] of heads) {
      this.#heads.delete(stream)
      this.#heads.set(stream, head)
    }
    for (const stream of this.#heads.keys()) {
      if (this.#heads.size <= HEADS_MAX) break
      this.#heads.delete(stream)
    }
  }

  /**
   * After a failed commit nothing is known but what the disk says. A full disk leaves the log as it was, and the next commit may succeed; after other
   * errors LMDB refuses to go on, and lmdb-js would wait for ever for a transaction that never began. An empty one in this thread tells which.
   */
  #forget(cause: unknown): void {
    this.#heads.clear()
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
    for (const key of this.#store.cards.getKeys({ reverse: true, limit: 1 })) this.#nextStream = streamNumberOf(Buffer.from(key)) + 1
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

const refuseAll = (appends: readonly StreamAppend[], reason: string): readonly Answer[] => appends.map(() => E.left({ tag: 'Refused', reason }))

/** The store says only that a commit failed; why comes in a promise of its own, which must not be left unhandled. */
const causeOf = async (cause: unknown): Promise<unknown> => {
  const why = (cause as { commitError?: Promise<never> } | undefined)?.commitError
  return why === undefined ? cause : why.catch((reason: unknown) => reason)
}
