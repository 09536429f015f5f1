/**
 * The names closest to an unknown one, closest first, at most `most`. Names that share too little with it are left out.
 */
export const nearNames = (wanted: string, names: Iterable<string>, most = 3): readonly string[] => {
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

/** Edit distance: letters to insert, delete, replace, or swap with a neighbour. */
export const editDistance = (a: string, b: string): number => {
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
