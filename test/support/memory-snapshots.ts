import { deserialize, serialize } from 'node:v8'
import type { Snapshot, SnapshotStore } from '../../src/app/snapshot-store.js'
import type { CellState } from '../../src/projections/cell.js'
import { gridKey } from '../../src/projections/cell-grid.js'

/** A snapshot store in memory that outlives the process it is used by; it keeps bytes, so nothing is shared with a fold by accident. */
export const memorySnapshots = (): SnapshotStore => {
  let fold: Buffer | undefined
  const cells = new Map<string, Buffer>()
  return {
    keepsCells: true,
    load: () => (fold === undefined ? undefined : (deserialize(fold) as Snapshot)),
    closedCells: (key) => {
      const bytes = cells.get(key)
      return bytes === undefined ? undefined : (deserialize(bytes) as CellState)
    },
    save: async ({ position, state }) => {
      const { closed } = state.grid
      for (const cell of closed) cells.set(gridKey(cell), serialize(cell))
      fold = serialize({ position, state: { ...state, grid: { ...state.grid, closed: [] } } } satisfies Snapshot)
    },
    clear: async () => {
      fold = undefined
      cells.clear()
    },
    close: () => Promise.resolve(),
  }
}
