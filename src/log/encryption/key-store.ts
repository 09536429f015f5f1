import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { LogDamaged, type KeysPlace } from '../event-log.js'
import { sessionKey, type DataKey } from './data-key.js'
import { COUNT_MAX, SESSION_BYTES } from './envelope.js'
import { countsOf, type KeyCounts } from './key-counts.js'
import { digestIn, KEY_FILE, KeyFile, type Slot, type WrappedKey } from './key-file.js'
import { KeyIndex } from './key-index.js'
import { KEY_BYTES, masterKey, unwrap, wrap, type MasterKey, type MasterKeys } from './master-key.js'
import { finishRewrapping, rewrapAll } from './rewrap.js'

export type KeyStoreOptions = Readonly<{
  folder: string
  /** The master keys now: the first wraps new data keys. Read again where a data key is wrapped by none of them. */
  masters: () => MasterKeys
  /** Keys in memory, at most; the rest is unwrapped again when it is needed. */
  cachedMax?: number
}>

const CACHED_MAX = 32_768

/**
 * The data keys of the streams of a log: one each, wrapped by a master key, in a folder of their own. Several processes of
 * one machine may use it at once. A key that was destroyed is lost for ever, and so is what it has encrypted.
 *
 * @throws LogDamaged where a key is needed that the folder or the configuration does not have; the message names the
 *   remedy.
 */
export class KeyStore {
  readonly folder: string
  private readonly options: KeyStoreOptions
  private masters: MasterKeys
  private file: KeyFile | undefined
  private isPrepared = false
  private index: KeyIndex | undefined
  private byNumber = new Map<number, DataKey | 'destroyed'>()
  private byStream = new Map<string, DataKey | 'destroyed'>()
  private destroyed = 0n
  private session = randomBytes(SESSION_BYTES)
  private count = 0

  constructor(options: KeyStoreOptions) {
    this.options = options
    this.folder = options.folder
    this.masters = options.masters()
    this.file = this.openFile('read')
    const last = this.file === undefined ? undefined : this.file.last()
    if (last !== undefined) this.masterOf(last.key, last.number)
    this.destroyed = this.file?.destroyed() ?? 0n
  }

  /** Makes the store where there is none, and checks that this process may make and destroy keys. */
  prepare(): void {
    if (this.isPrepared) return
    const reader = this.file
    this.file = this.openFile('write')
    reader?.close()
    this.openIndex().alone(() => this.adopt())
    this.isPrepared = true
  }

  /** What another thread of this process needs to open the same store for reading. */
  get place(): KeysPlace {
    return { folder: this.folder, masters: this.masters.map(({ key }) => key) }
  }

  /** Opens the store of another thread. */
  static at({ folder, masters }: KeysPlace): KeyStore {
    const [first, ...others] = masters.map((key) => masterKey(Buffer.from(key)))
    if (first === undefined) throw new Error('a place of keys has a master key')
    return new KeyStore({ folder, masters: () => [first, ...others] })
  }

  /** Forgets keys that were destroyed meanwhile, here or in another process. To be called before a batch. */
  refresh(): void {
    this.file ??= this.openFile('read')
    const destroyed = this.file?.destroyed() ?? 0n
    if (destroyed === this.destroyed) return
    this.destroyed = destroyed
    this.byNumber = new Map()
    this.byStream = new Map()
  }

  /** The keys of streams in their order, made where there are none. They are durable when this returns. */
  ofStreams(streams: readonly string[]): readonly (DataKey | 'destroyed')[] {
    const keys = new Map<string, DataKey | 'destroyed'>()
    const unknown = new Map<string, Buffer>()
    for (const stream of streams) {
      const known = this.byStream.get(stream)
      if (known === undefined) unknown.set(stream, digestOf(stream))
      else keys.set(stream, known)
    }
    // Those that are made may put known ones out of the cache: nothing of this batch is looked up in it again.
    if (unknown.size > 0) for (const [stream, key] of this.make(unknown)) keys.set(stream, key)
    return streams.map((stream) => keys.get(stream)!)
  }

  /** The key with a number, which is that of this stream. */
  at(number: number, stream: string): DataKey | 'destroyed' {
    const known = this.byNumber.get(number)
    if (known !== undefined) return known
    return this.remember(this.byNumber, number, this.keyIn(number, this.slotAt(number), digestOf(stream)))
  }

  /** Whether the stream had a key that was destroyed. */
  isDestroyed(stream: string): boolean {
    if (this.destroyed === 0n || this.file === undefined) return false
    if (this.index === undefined && !KeyIndex.isThere(this.folder)) return false
    const number = this.openIndex().numberOf(digestOf(stream))
    return number !== undefined && this.file.slot(number).kind === 'destroyed'
  }

  /** Destroys the key of a stream; `false`: it had none, or none any more. Durable when it returns. */
  destroy(stream: string): boolean {
    const digest = digestOf(stream)
    this.prepare()
    const file = this.writable()
    const isDone = this.openIndex().alone(() => {
      const number = this.openIndex().numberOf(digest)
      if (number === undefined || file.slot(number).kind === 'destroyed') return false
      file.destroy(number, digest)
      return true
    })
    this.refresh()
    return isDone
  }

  /** The key and nonce count for the next event of a stream: never the same twice. */
  next(dataKey: DataKey): Readonly<{ key: Buffer; session: Buffer; count: number }> {
    if (this.count === COUNT_MAX) [this.session, this.count] = [randomBytes(SESSION_BYTES), 0]
    const { session } = this
    return { key: sessionKey(dataKey, session), session, count: ++this.count }
  }

  /** Wraps every key by the newest master key. Can be cut short and begun again. Returns how many were wrapped anew. */
  async rewrap(onProgress: (done: number, total: number) => void, signal: AbortSignal): Promise<number> {
    this.prepare()
    const [newest] = this.masters
    const rewrapped = (number: number, key: WrappedKey): WrappedKey | undefined => {
      if (key.masterId === newest.id) return undefined
      const { streamDigest } = key
      const plain = this.unwrapped(key, number)
      return { masterId: newest.id, streamDigest, wrapped: wrap(newest, plain, { number, streamDigest }) }
    }
    return rewrapAll(this.folder, this.writable(), this.openIndex(), { rewrapped, onProgress, signal })
  }

  counts(): KeyCounts {
    return countsOf(this.file?.slots() ?? [], this.masters[0].id)
  }

  async close(): Promise<void> {
    this.file?.close()
    this.file = undefined
    await this.index?.close()
    this.index = undefined
  }

  private remember<K, V>(cache: Map<K, V>, key: K, value: V): V {
    if (cache.size >= (this.options.cachedMax ?? CACHED_MAX)) cache.delete(cache.keys().next().value as K)
    cache.set(key, value)
    return value
  }

  /** Read again where it is not whole: another process may be writing it. */
  private slotAt(number: number): Slot {
    let slot: Slot = { kind: 'absent' }
    for (let attempt = 0; attempt < 3; attempt++) {
      slot = this.file?.slot(number) ?? { kind: 'absent' }
      if (slot.kind !== 'damaged') break
    }
    return slot
  }

  private make(unknown: ReadonlyMap<string, Buffer>): readonly (readonly [string, DataKey | 'destroyed'])[] {
    this.prepare()
    const [file, index] = [this.writable(), this.openIndex()]
    index.refresh()
    const numbers = new Map([...unknown].map(([stream, digest]) => [stream, index.numberOf(digest)]))
    if ([...numbers.values()].includes(undefined))
      index.alone(() => {
        this.adopt()
        const first = file.count()
        const added: { stream: string; digest: Buffer; number: number }[] = []
        for (const [stream, digest] of unknown) {
          const number =
            index.numberOf(digest) ?? first + added.push({ stream, digest, number: first + added.length }) - 1
          numbers.set(stream, number)
        }
        file.write(
          first,
          added.map(({ digest, number }) => this.fresh(digest, number)),
        )
        for (const { digest, number } of added) index.put(digest, number)
        index.setIndexed(first + added.length)
      })
    return [...numbers].map(([stream, number]) => [
      stream,
      this.remember(this.byStream, stream, this.at(number!, stream)),
    ])
  }

  private fresh(streamDigest: Buffer, number: number): WrappedKey {
    const [newest] = this.masters
    const wrapped = wrap(newest, randomBytes(KEY_BYTES), { number, streamDigest })
    return { masterId: newest.id, streamDigest, wrapped }
  }

  /** Brings the index up to the end of the key file: after a crash in between, or where it is new. To be done alone. */
  private adopt(): void {
    const [file, index] = [this.writable(), this.openIndex()]
    finishRewrapping(this.folder, file)
    const [indexed, count] = [index.indexed(), file.count()]
    if (indexed > count)
      throw this.damaged(
        `it holds ${count} keys, and there were ${indexed}: an older copy was put in its place. Put the newest copy ` +
          `there. If there is none, remove ${join(this.folder, 'index')}: what the missing keys have encrypted is lost`,
      )
    if (indexed === count) return
    for (const { number, slot } of file.slots(indexed)) {
      const digest = digestIn(slot)
      if (digest !== undefined && index.numberOf(digest) === undefined) index.put(digest, number)
    }
    index.setIndexed(count)
  }

  private keyIn(number: number, slot: Slot, streamDigest: Buffer): DataKey | 'destroyed' {
    switch (slot.kind) {
      case 'absent':
        throw this.damaged(
          `it has no key ${number}: it is of another log, or an older copy. Put the newest copy of this log's there`,
        )
      case 'damaged':
        throw this.damaged(
          `key ${number} fails its checksum. If \`streamvane log rekey\` was interrupted, run it again; else put a copy there`,
        )
      case 'destroyed':
        this.refuseOther(slot.streamDigest, streamDigest, number)
        return 'destroyed'
      case 'key':
        this.refuseOther(slot.key.streamDigest, streamDigest, number)
        return { number, key: this.unwrapped(slot.key, number), sessions: [] }
    }
  }

  private refuseOther(held: Buffer, wanted: Buffer, number: number): void {
    if (!held.equals(wanted))
      throw this.damaged(
        `key ${number} is of another stream: this key file belongs to another log, or the event was moved`,
      )
  }

  private unwrapped(key: WrappedKey, number: number): Buffer {
    const { streamDigest } = key
    const plain = unwrap(this.masterOf(key, number), key.wrapped, { number, streamDigest })
    if (plain === undefined) throw this.damaged(`key ${number} was changed: put a copy of the file there`)
    return plain
  }

  private masterOf({ masterId }: WrappedKey, number: number): MasterKey {
    const find = (): MasterKey | undefined => this.masters.find(({ id }) => id === masterId)
    const found = find() ?? ((this.masters = this.options.masters()), find())
    if (found !== undefined) return found
    throw this.damaged(
      `key ${number} is wrapped by master key ${masterId}, and log.encryption.key has ` +
        `${this.masters.map(({ id }) => id).join(' and ')}: write that key behind the newest one`,
    )
  }

  private openFile(mode: 'read' | 'write'): KeyFile | undefined {
    const { folder } = this.options
    if (!existsSync(join(folder, KEY_FILE)) && KeyIndex.isThere(folder))
      throw this.damaged('it is gone. Put the newest copy there')
    const file = KeyFile.open(folder, mode)
    if (file !== undefined && !file.isSound()) throw this.damaged('it is no key file. Put the newest copy there')
    return file
  }

  private writable(): KeyFile {
    if (this.file === undefined) throw new Error(`the keys in ${this.folder} were closed`)
    return this.file
  }

  private openIndex(): KeyIndex {
    return (this.index ??= KeyIndex.open(this.folder))
  }

  private damaged(why: string): LogDamaged {
    return new LogDamaged(`${join(this.options.folder, KEY_FILE)}, the keys of the encrypted log: ${why}`)
  }
}

const digestOf = (stream: string): Buffer => createHash('sha256').update(stream).digest()
