/**
 * One figure beside its ceiling, measured in the same run: only their ratio travels between machines. More is better,
 * unless `lessIsBetter` (bytes, durations).
 */
export type BenchLine = Readonly<{
  name: string
  ours: number
  ceiling: number
  unit: string
  /** The ratio to reach: at least, or at most where less is better. */
  goal?: number
  lessIsBetter?: true
  /** How far the repeats of `ours` lie apart: largest less smallest, as a share of the median. Absent: one run. */
  spread?: number
  /** The most memory that our process held at any moment, in MB. */
  peakMb?: number
  note?: string
}>

export const ratioOf = ({ ours, ceiling }: BenchLine): number => ours / ceiling

/** Does the line reach its goal? `undefined` where it has none. */
export const reaches = (line: BenchLine): boolean | undefined => {
  if (line.goal === undefined) return undefined
  return line.lessIsBetter === true ? ratioOf(line) <= line.goal : ratioOf(line) >= line.goal
}
