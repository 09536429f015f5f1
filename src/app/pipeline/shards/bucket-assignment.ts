/** A member of the group, and the buckets that it says it holds, by number. */
export type Member = Readonly<{ id: string; held: readonly number[] }>

/**
 * Divides buckets among the members of a group: evenly, and so that as few as possible change hands, because who takes
 * a bucket over folds it again. The same members in any order give the same division.
 */
export const divideBuckets = (
  buckets: readonly number[],
  members: readonly Member[],
): ReadonlyMap<string, readonly number[]> => {
  const byId = [...members].sort((a, b) => (a.id < b.id ? -1 : 1))
  const free = new Set(buckets)
  const kept = new Map<string, number[]>()
  const least = Math.floor(buckets.length / Math.max(1, members.length))
  let more = buckets.length - least * members.length
  // Those who hold most may keep one more than the others.
  for (const { id, held } of [...byId].sort((a, b) => b.held.length - a.held.length)) {
    const own = held.filter((bucket) => free.has(bucket))
    const keeps = own.length > least && more > 0 ? least + 1 : least
    if (keeps > least) more -= 1
    const mine = own.slice(0, keeps)
    for (const bucket of mine) free.delete(bucket)
    kept.set(id, mine)
  }
  const left = [...free].sort((a, b) => a - b)
  for (const { id } of byId) {
    const mine = kept.get(id) as number[]
    mine.push(...left.splice(0, Math.max(0, least - mine.length)))
  }
  for (const { id } of byId) {
    const mine = kept.get(id) as number[]
    if (left.length > 0 && mine.length <= least) mine.push(left.shift() as number)
  }
  for (const mine of kept.values()) mine.sort((a, b) => a - b)
  return kept
}
