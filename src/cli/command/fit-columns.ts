/**
 * How a column gives way. Where the terminal is too narrow, columns that may be shortened are shortened first; then
 * columns are left out, those with the highest `rank` first and the last of equals first. Without a rank a column stays.
 */
export type Sizing = Readonly<{
  rank?: number
  /** What happens to a cell that does not fit: it goes on in the next line, or ends in `…`. By default it stays whole. */
  narrow?: 'wrap' | 'cut'
  /** Not narrower than this (default 8), if the column may be shortened. */
  min?: number
}>

const LEAST = 8

/**
 * The columns that are shown, by place, with the width of each. `natural` is how wide the content is. Columns that may
 * be shortened give way first, the widest of them most; then columns with a rank are left out. Columns without a rank
 * are never left out, however narrow the terminal.
 */
export const fitColumns = (
  columns: readonly Sizing[],
  natural: readonly number[],
  width: number | undefined,
  gap: number,
): ReadonlyMap<number, number> => {
  const shown = new Map(natural.map((wide, place) => [place, wide]))
  if (width === undefined) return shown
  const floor = (place: number): number => {
    const { narrow, min = LEAST } = columns[place]!
    const wide = natural[place]!
    return narrow === undefined ? wide : Math.min(wide, min)
  }
  const least = (): number => [...shown.keys()].reduce((sum, place) => sum + floor(place) + gap, -gap)
  while (least() > width) {
    const out = nextToGo(columns, [...shown.keys()])
    if (out === undefined) break
    shown.delete(out)
  }
  let over = [...shown.values()].reduce((sum, wide) => sum + wide + gap, -gap) - width
  while (over > 0) {
    const able = [...shown].filter(([place, wide]) => wide > floor(place))
    if (able.length === 0) break
    const [widest, wide] = able.reduce((a, b) => (b[1] > a[1] ? b : a))
    shown.set(widest, wide - 1)
    over--
  }
  return shown
}

const nextToGo = (columns: readonly Sizing[], places: readonly number[]): number | undefined =>
  places
    .filter((place) => columns[place]!.rank !== undefined)
    .reduce<number | undefined>(
      (out, place) => (out === undefined || columns[place]!.rank! >= columns[out]!.rank! ? place : out),
      undefined,
    )
