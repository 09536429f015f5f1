import * as E from 'fp-ts/lib/Either.js'
import type { ProgressEntry, ProgressStore } from './progress-store.js'

/** The progress of a sink in memory, for tests. Sinks that share it are instances of one sink. */
export const memoryProgress = (): ProgressStore => {
  const entries: ProgressEntry[] = []
  return {
    last: () => Promise.resolve({ revision: entries.length - 1, entry: entries.at(-1) }),
    append: (expected, entry) => {
      if (expected !== entries.length - 1) return Promise.resolve(E.left({ tag: 'Overtaken' }))
      entries.push(entry)
      return Promise.resolve(E.right(undefined))
    },
  }
}
