import { ratioOf, type BenchLine } from './bench-line.js'

/** Ratios move by this much from run to run on a quiet machine. */
const NOISE = 0.1

export type Change = Readonly<{ name: string; before: number; now: number; verdict: 'slower' | 'faster' | 'same' }>

/**
 * Compares ratios, not figures: the two runs may be of different machines. A change counts where it is larger than the
 * noise and than the spread of either run. Lines of one run alone are left out.
 */
export const compareRuns = (before: readonly BenchLine[], now: readonly BenchLine[]): readonly Change[] => {
  const known = new Map(before.map((line) => [line.name, line]))
  return now.flatMap((line) => {
    const old = known.get(line.name)
    if (old === undefined) return []
    const limit = 1 + Math.max(NOISE, line.spread ?? 0, old.spread ?? 0)
    const gain = line.lessIsBetter === true ? ratioOf(old) / ratioOf(line) : ratioOf(line) / ratioOf(old)
    const verdict = gain > limit ? 'faster' : gain < 1 / limit ? 'slower' : 'same'
    return [{ name: line.name, before: ratioOf(old), now: ratioOf(line), verdict }]
  })
}
