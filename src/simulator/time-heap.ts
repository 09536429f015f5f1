import type { EpochMs } from '../domain/interval.js'

type Entry<T> = { at: EpochMs; order: number; item: T }

/** A priority queue by time; items of the same time leave in insertion order. */
export class TimeHeap<T> {
  readonly #heap: Entry<T>[] = []
  #order = 0

  get size(): number {
    return this.#heap.length
  }

  /** Time of the next item; Infinity if there is none. */
  get nextAt(): EpochMs {
    return this.#heap[0]?.at ?? Infinity
  }

  push(at: EpochMs, item: T): void {
    const heap = this.#heap
    const entry = { at, order: this.#order++, item }
    let index = heap.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent] as Entry<T>
      if (!before(entry, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
  }

  pop(): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined) return undefined
    if (heap.length > 0) this.#sink(last)
    return first.item
  }

  #sink(entry: Entry<T>): void {
    const heap = this.#heap
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Entry<T>, heap[child] as Entry<T>)) child += 1
      const below = heap[child] as Entry<T>
      if (!before(below, entry)) break
      heap[index] = below
      index = child
    }
    heap[index] = entry
  }
}

const before = (a: Entry<unknown>, b: Entry<unknown>): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
