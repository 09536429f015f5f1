/**
 * A cache of what is made from its key. Entries that were not asked for between two turns are forgotten, so it holds
 * what is in use and not all that ever was. Whoever uses it must be content with a second value for a key.
 */
export class RecentMap<V> {
  private recent = new Map<string, V>()
  private older = new Map<string, V>()

  get(key: string): V | undefined {
    let value = this.recent.get(key)
    if (value === undefined) {
      value = this.older.get(key)
      if (value !== undefined) this.recent.set(key, value)
    }
    return value
  }

  set(key: string, value: V): void {
    this.recent.set(key, value)
  }

  /** Does nothing while there are few. */
  turn(): void {
    if (this.recent.size < MANY) return
    this.older = this.recent
    this.recent = new Map()
  }
}

const MANY = 10_000
