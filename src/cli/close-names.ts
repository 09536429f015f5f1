/**
 * The names nearest to one that is not there, nearest first: what a typo probably meant. At most `most`, and none that
 * shares too little with it.
 */
export const closeNames = (wanted: string, names: Iterable<string>, most = 3): readonly string[] => {
  const reach = Math.max(1, Math.min(4, Math.floor(wanted.length / 3)))
  const near: { name: string; distance: number }[] = []
  for (const name of new Set(names)) {
    if (Math.abs(name.length - wanted.length) > reach) continue
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase())
    if (distance <= reach) near.push({ name, distance })
  }
  return near
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name)
}

/** Letters to insert, delete, replace, or swap with their neighbour to make one of the other. */
const editDistance = (a: string, b: string): number => {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] as number) + 1)
      next.push(best)
    }
    before = row
    row = next
  }
  return row[b.length] as number
}
