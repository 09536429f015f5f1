import * as E from 'fp-ts/lib/Either.js'
import { appendFault, decideAppend, erasedReason } from '../../append-rules.js'
import type { AppendFailure, Appended, Erased, Position, StreamAppend } from '../../event-log.js'
import { commitErrorOf } from './commit-error.js'
import { putsOf } from './commit.js'
import { Damage, logError } from '../lmdb/damage.js'
import { erasureOf } from './erase.js'
import { positionOf, streamNumberOf } from '../format/keys.js'
import type { EmbeddedStore } from '../lmdb/store.js'
import { isErased } from '../format/stream-index.js'
import type { Lease } from '../lock/writer-lease.js'
import { WrittenStreams } from './written-streams.js'
import type { Placed } from './written-streams.js'

type Answer = E.Either<AppendFailure, Appended>
type Waiting = Readonly<{ appends: readonly StreamAppend[]; answer: (answers: readonly Answer[]) => void }>

/** Event bytes in one commit, at most (except for a single larger call). The rest goes with the next commit. */
const GROUP_BYTES_MAX = 8 * 1024 * 1024

/**
 * The one writer of a part. Appends that arrive while a commit is on its way to disk are decided together and share the
 * next commit: `idle` until an append arrives, then `committing` group after group until none waits. Appends are
 * decided here against the committed state, which no other process changes. The store's own thread writes and syncs, so
 * the event loop goes on.
 */
export class EmbeddedWriter {
  readonly #store: EmbeddedStore
  readonly #lease: Lease
  readonly #dir: string
  readonly #committed: () => void
  readonly #streams: WrittenStreams
  #waiting: Waiting[] = []
  #committing: Promise<void> | undefined
  #state: { kind: 'open' } | { kind: 'refusing'; reason: string } = { kind: 'open' }
  #nextStream = 0
  #head: Position = 0n

  /** `dir` names the log in errors; `committed` is called after each commit that stored something. */
  constructor(
    store: EmbeddedStore,
    lease: Lease,
    { dir, committed }: Readonly<{ dir: string; committed: () => void }>,
  ) {
    this.#store = store
    this.#lease = lease
    this.#dir = dir
    this.#committed = committed
    this.#streams = new WrittenStreams(store)
    this.#readCounters()
  }

  append(appends: readonly StreamAppend[]): Promise<readonly Answer[]> {
    if (this.#state.kind === 'refusing') return Promise.resolve(refuseAll(appends, this.#state.reason))
    return new Promise((answer) => {
      this.#waiting.push({ appends, answer })
      this.#committing ??= this.#commitAll()
    })
  }

  /** Erases a stream between two groups of appends. */
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
      this.#streams.forget(stream)
      this.#committed()
      return E.right({ events: erasure.events })
    } catch (cause) {
      if (cause instanceof Damage)
        return E.left({ tag: 'NotAvailable', cause: logError(this.#dir, 'cannot be read', cause) })
      const why = await commitErrorOf(cause)
      this.#recover(why)
      return E.left({ tag: 'NotAvailable', cause: why })
    }
  }

  /** Refuses further appends, and resolves when those that wait have been answered. */
  async stop(reason: string): Promise<void> {
    this.#state = { kind: 'refusing', reason }
    await this.#committing
  }

  async #commitAll(): Promise<void> {
    // Everything that is appended in this turn of the event loop shares the first commit.
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
      answers = group.map(({ appends }) => appends.map((append) => this.#decideUnlessDamaged(append, placed)))
      if (placed.length > 0 && !(await this.#save(placed))) {
        const reason = `this process may no longer write here: the log was taken over by ${this.#lease.holder()}`
        this.#state = { kind: 'refusing', reason }
        answers = group.map(({ appends }) => refuseAll(appends, reason))
      }
    } catch (cause) {
      const why = await commitErrorOf(cause)
      answers = group.map(({ appends }) => appends.map(() => E.left({ tag: 'NotAvailable', cause: why })))
      this.#recover(why)
    }
    this.#streams.age()
    group.forEach(({ answer }, i) => answer(answers[i]!))
  }

  /** Damage to one stream does not keep the others from growing. */
  #decideUnlessDamaged(append: StreamAppend, placed: Placed[]): Answer {
    try {
      return this.#decide(append, placed)
    } catch (cause) {
      if (cause instanceof Damage)
        return E.left({ tag: 'NotAvailable', cause: logError(this.#dir, 'cannot be read', cause) })
      throw cause
    }
  }

  #decide(append: StreamAppend, placed: Placed[]): Answer {
    const fault = appendFault(append)
    if (fault !== undefined) return E.left(fault)
    const name = append.stream
    const known = this.#streams.find(name)
    if (known !== undefined && isErased(known.entry))
      return E.left({ tag: 'Refused', reason: erasedReason(name), isErased: true })
    const holds = (id: string): boolean => known !== undefined && this.#streams.holds(known, id)
    const decision = decideAppend(append, known?.last ?? -1, holds)
    if (E.isLeft(decision)) return decision
    const { fresh, stored } = decision.right
    if (fresh.length === 0) return E.right({ revision: known?.last ?? -1, stored })
    const stream = known ?? this.#streams.create(name)
    for (const event of fresh) placed.push(this.#streams.extend(stream, event))
    return E.right({ revision: stream.last, stored })
  }

  /** Stores what was decided in one transaction; `false` if this writer has been replaced. */
  async #save(placed: readonly Placed[]): Promise<boolean> {
    const { puts, touched, head, nextStream } = putsOf(this.#store, placed, this.#head, this.#nextStream)
    this.#head = head
    this.#nextStream = nextStream
    const isOurs = await this.#lease.commit(() => {
      for (const [table, key, value] of puts) void table.put(key, value)
    })
    if (!isOurs) return false
    for (const stream of touched) stream.pending = undefined
    this.#committed()
    return true
  }

  /**
   * After a failed commit only what is on disk is known. A full disk leaves the log as it was, and the next commit may
   * succeed. After other errors LMDB refuses to go on, and lmdb-js would wait for ever for a transaction that never
   * began. An empty transaction in this thread tells which it is.
   */
  #recover(cause: unknown): void {
    this.#streams.forgetAll()
    try {
      this.#store.env.transactionSync(() => undefined)
      this.#readCounters()
    } catch (fault) {
      const reason =
        `the log failed (${String(cause)}) and takes no more (${String(fault)}): check the disk and start this ` +
        'process again'
      this.#state = { kind: 'refusing', reason }
    }
  }

  #readCounters(): void {
    this.#store.env.resetReadTxn()
    this.#head = 0n
    this.#nextStream = 0
    for (const key of this.#store.blocks.getKeys({ reverse: true, limit: 1 })) this.#head = positionOf(Buffer.from(key))
    for (const key of this.#store.streamIndex.getKeys({ reverse: true, limit: 1 }))
      this.#nextStream = streamNumberOf(Buffer.from(key)) + 1
  }
}

const refuseAll = (appends: readonly StreamAppend[], reason: string): readonly Answer[] =>
  appends.map(() => E.left({ tag: 'Refused', reason }))
