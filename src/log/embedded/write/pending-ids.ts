/** Up to here looking at each is quicker than making a set. */
const LISTED_MAX = 16

/** Ids that were decided on and are not stored yet. Most are never asked for: a set is made when it is. */
export class PendingIds {
  readonly #listed: string[] = []
  #set: Set<string> | undefined

  get size(): number {
    return this.#listed.length
  }

  add(id: string): void {
    this.#listed.push(id)
    this.#set?.add(id)
  }

  has(id: string): boolean {
    if (this.#listed.length <= LISTED_MAX) return this.#listed.includes(id)
    this.#set ??= new Set(this.#listed)
    return this.#set.has(id)
  }
}
