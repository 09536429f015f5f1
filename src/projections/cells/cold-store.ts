/**
 * Where what left memory is found again. Synchronous: the fold asks in mid-event. Keys are compared as UTF-16 code
 * units.
 */
export type ColdStore = Readonly<{
  get: (key: string) => unknown
  /** Keys that begin with `prefix` and come after `after`, ascending, at most `max`. */
  keysAfter: (prefix: string, after: string, max: number) => readonly string[]
}>

export const emptyColdStore: ColdStore = { get: () => undefined, keysAfter: () => [] }

/** What is put in the cold store: plain data by key. */
export type SpilledEntries = readonly (readonly [key: string, data: unknown])[]

/**
 * Things of one kind that are seldom needed again: those that changed since the last save are in memory, the others on
 * the cold store, from where they are fetched back. So memory holds what changed since the last save, and history only the
 * the cold store.
 */
export class SpillingMap<T> {
  private readonly changed = new Map<string, T>()
  private readonly prefix: string
  private readonly coldStore: ColdStore
  private readonly load: (data: unknown) => T
  private readonly toData: (thing: T) => unknown

  /** `spilled` is what a saved state has that is not in the cold store. */
  constructor(
    prefix: string,
    coldStore: ColdStore,
    spilled: SpilledEntries,
    load: (data: unknown) => T,
    toData: (thing: T) => unknown,
  ) {
    this.prefix = prefix
    this.coldStore = coldStore
    this.load = load
    this.toData = toData
    for (const [key, data] of spilled)
      if (key.startsWith(prefix)) this.changed.set(key.slice(prefix.length), load(data))
  }

  /** The thing, to be changed. */
  get(key: string): T | undefined {
    const known = this.changed.get(key)
    if (known !== undefined) return known
    const data = this.coldStore.get(this.prefix + key)
    if (data === undefined) return undefined
    const thing = this.load(data)
    this.changed.set(key, thing)
    return thing
  }

  set(key: string, thing: T): void {
    this.changed.set(key, thing)
  }

  /** Keys after `after`, ascending, at most `max`, wherever they are kept. */
  keysAfter(after: string, max: number): readonly string[] {
    const keys = new Set(
      this.coldStore.keysAfter(this.prefix, this.prefix + after, max).map((key) => key.slice(this.prefix.length)),
    )
    for (const key of this.changed.keys()) if (key > after) keys.add(key)
    return [...keys].sort(byCodeUnit).slice(0, max)
  }

  save(): SpilledEntries {
    return [...this.changed].map(([key, thing]) => [this.prefix + key, this.toData(thing)] as const)
  }

  /** What `save` returned is in the cold store. */
  forget(): void {
    this.changed.clear()
  }
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
