import { deserialize, serialize } from 'node:v8'
import type { Snapshot, SnapshotStore } from '../../src/app/pipeline/snapshots.js'

/**
 * A snapshot store in memory that outlives the process it is used by; it keeps bytes, so nothing is shared with a fold
 * by accident.
 */
export const memorySnapshots = (): SnapshotStore => {
  let fold: Buffer | undefined
  const shelf = new Map<string, Buffer>()
  return {
    keepsShelf: true,
    load: () => (fold === undefined ? undefined : (deserialize(fold) as Snapshot)),
    shelf: {
      get: (key) => {
        const bytes = shelf.get(key)
        return bytes === undefined ? undefined : (deserialize(bytes) as unknown)
      },
      keysAfter: (prefix, after, max) =>
        [...shelf.keys()]
          .filter((key) => key.startsWith(prefix) && key > after)
          .sort()
          .slice(0, max),
    },
    save: async ({ position, state }) => {
      for (const [key, data] of state.shelved) shelf.set(key, serialize(data))
      fold = serialize({ position, state: { ...state, shelved: [] } } satisfies Snapshot)
    },
    clear: async () => {
      fold = undefined
      shelf.clear()
    },
    close: () => Promise.resolve(),
  }
}
