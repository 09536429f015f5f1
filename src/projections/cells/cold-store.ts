/**
 * Where what left memory is found again. Synchronous: the fold asks in mid-event. Keys are compared as UTF-16 code
 * units.
 */
export type Shelf = Readonly<{
  get: (key: string) => unknown
  /** Keys that begin with `prefix` and come after `after`, ascending, at most `max`. */
  keysAfter: (prefix: string, after: string, max: number) => readonly string[]
}>

export const emptyShelf: Shelf = { get: () => undefined, keysAfter: () => [] }

/** What is put on the shelf: plain data by key. */
export type Shelved = readonly (readonly [key: string, data: unknown])[]

/**
 * Things of one kind that are seldom needed again: those that changed since the last save are in memory, the others on
 * the shelf, from where they are fetched back. So memory holds what changed since the last save, and history only the
 * shelf.
 */
export class Archive<T> {
  private readonly changed = new Map<string, T>()
  private readonly prefix: string
  private readonly shelf: Shelf
  private readonly load: (data: unknown) => T
  private readonly toData: (thing: T) => unknown

  /** `shelved` is what a saved state has that is not on the shelf. */
  constructor(
    prefix: string,
    shelf: Shelf,
    shelved: Shelved,
    load: (data: unknown) => T,
    toData: (thing: T) => unknown,
  ) {
    this.prefix = prefix
    this.shelf = shelf
    this.load = load
    this.toData = toData
    for (const [key, data] of shelved)
      if (key.startsWith(prefix)) this.changed.set(key.slice(prefix.length), load(data))
  }

  /** The thing, to be changed. */
  get(key: string): T | undefined {
    const known = this.changed.get(key)
    if (known !== undefined) return known
    const data = this.shelf.get(this.prefix + key)
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
      this.shelf.keysAfter(this.prefix, this.prefix + after, max).map((key) => key.slice(this.prefix.length)),
    )
    for (const key of this.changed.keys()) if (key > after) keys.add(key)
    return [...keys].sort(byCodeUnit).slice(0, max)
  }

  save(): Shelved {
    return [...this.changed].map(([key, thing]) => [this.prefix + key, this.toData(thing)] as const)
  }

  /** What `save` returned is on the shelf. */
  forget(): void {
    this.changed.clear()
  }
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
