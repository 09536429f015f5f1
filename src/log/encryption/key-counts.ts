import type { Slot } from './key-file.js'

/** How many keys a store holds. */
export type KeyCounts = Readonly<{
  keys: number
  destroyed: number
  damaged: number
  /** By the id of the master key that wraps them. */
  byMaster: ReadonlyMap<string, number>
  /** The master key that wraps new ones. */
  newest: string
}>

export const countsOf = (slots: Iterable<Readonly<{ slot: Slot }>>, newest: string): KeyCounts => {
  const byMaster = new Map<string, number>()
  let [keys, destroyed, damaged] = [0, 0, 0]
  for (const { slot } of slots) {
    if (slot.kind === 'destroyed') destroyed++
    if (slot.kind === 'damaged') damaged++
    if (slot.kind !== 'key') continue
    keys++
    byMaster.set(slot.key.masterId, (byMaster.get(slot.key.masterId) ?? 0) + 1)
  }
  return { keys, destroyed, damaged, byMaster, newest }
}
