/**
 * Where entries that left memory are found again. Reads are synchronous, because the projection asks in the middle of
 * an event. Keys are compared as UTF-16 code units.
 */
export type ColdStore = Readonly<{
  get: (key: string) => unknown
  /** Keys that begin with `prefix` and come after `after`, ascending, at most `max`. */
  keysAfter: (prefix: string, after: string, max: number) => readonly string[]
}>

export const emptyColdStore: ColdStore = { get: () => undefined, keysAfter: () => [] }

/** What is to be written to the cold store under a key: plain data, which may be made when they are read. */
export type SpilledEntry = Readonly<{ key: string; data: unknown }>

export type SpilledEntries = readonly SpilledEntry[]

/**
 * A map of entries that are seldom needed again. Entries that changed since the last save are in memory; the others are
 * in the cold store, and `get` loads them from there. So memory is bounded by what changes between two saves, and
 * history occupies the cold store only.
 */
export class SpillingMap<T> {
  private readonly changed = new Map<string, T>()
  private readonly prefix: string
  private readonly coldStore: ColdStore
  private readonly load: (data: unknown, key: string) => T
  private readonly toData: (value: T) => unknown

  /** `spilled` are the entries of a saved state that the cold store does not hold. */
  constructor(
    prefix: string,
    coldStore: ColdStore,
    spilled: SpilledEntries,
    load: (data: unknown, key: string) => T,
    toData: (value: T) => unknown,
  ) {
    this.prefix = prefix
    this.coldStore = coldStore
    this.load = load
    this.toData = toData
    for (const { key, data } of spilled)
      if (key.startsWith(prefix)) this.changed.set(key.slice(prefix.length), load(data, key.slice(prefix.length)))
  }

  /** The value under a key, which the caller may change in place. */
  get(key: string): T | undefined {
    const known = this.changed.get(key)
    if (known !== undefined) return known
    const data = this.coldStore.get(this.prefix + key)
    if (data === undefined) return undefined
    const value = this.load(data, key)
    this.changed.set(key, value)
    return value
  }

  set(key: string, value: T): void {
    this.changed.set(key, value)
  }

  /** Keys after `after`, ascending, at most `max`, wherever their values are. */
  keysAfter(after: string, max: number): readonly string[] {
    const keys = new Set(
      this.coldStore.keysAfter(this.prefix, this.prefix + after, max).map((key) => key.slice(this.prefix.length)),
    )
    for (const key of this.changed.keys()) if (key > after) keys.add(key)
    return [...keys].sort(byCodeUnit).slice(0, max)
  }

  /**
   * What changed since the last save. To be read before a value changes again: each entry's data are made when they are
   * read, so that not all of them are in memory.
   */
  save(): SpilledEntries {
    const { prefix, toData } = this
    return Array.from(this.changed, ([key, value]) => new LazyEntry(prefix + key, value, toData))
  }

  /** The cold store holds what `save` returned: memory is released. */
  release(): void {
    this.changed.clear()
  }
}

/** An entry whose data are made of `value` each time they are read. */
export class LazyEntry<T> implements SpilledEntry {
  readonly key: string
  private readonly value: T
  private readonly toData: (value: T) => unknown

  constructor(key: string, value: T, toData: (value: T) => unknown) {
    this.key = key
    this.value = value
    this.toData = toData
  }

  get data(): unknown {
    return this.toData(this.value)
  }

  /** A state in which entries wait can be kept as JSON. */
  toJSON(): SpilledEntry {
    return { key: this.key, data: this.data }
  }
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
