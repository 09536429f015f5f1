import { deserialize, serialize } from 'node:v8'
import type { Snapshot, SnapshotStore } from '../../src/app/pipeline/projector/snapshots.js'

/**
 * A snapshot store in memory that outlives the process it is used by; it keeps bytes, so nothing is shared with a fold
 * by accident.
 */
export const memorySnapshots = (): SnapshotStore => {
  let fold: Buffer | undefined
  const coldStore = new Map<string, Buffer>()
  return {
    keepsColdStore: true,
    load: () => (fold === undefined ? undefined : (deserialize(fold) as Snapshot)),
    coldStore: {
      get: (key) => {
        const bytes = coldStore.get(key)
        return bytes === undefined ? undefined : (deserialize(bytes) as unknown)
      },
      keysAfter: (prefix, after, max) =>
        [...coldStore.keys()]
          .filter((key) => key.startsWith(prefix) && key > after)
          .sort()
          .slice(0, max),
    },
    save: async ({ state, ...rest }) => {
      for (const { key, data } of state.spilled) coldStore.set(key, serialize(data))
      fold = serialize({ ...rest, state: { ...state, spilled: [] } } satisfies Snapshot)
    },
    clear: async () => {
      fold = undefined
      coldStore.clear()
    },
    close: () => Promise.resolve(),
  }
}
