import type { BenchLine } from './bench-line.js'
import type { BenchOptions } from './main.js'
import { buildCommand, command, measured } from './processes.js'
import { repeatsOf } from './repeats.js'

/** One process of either takes a fraction of a second. */
const ROUNDS = 10

/** `streamvane --help` and `--version`, beside a node that does nothing. */
export const benchCommandLine = async (_: BenchOptions): Promise<readonly BenchLine[]> => {
  buildCommand()
  const seconds = { nothing: [] as number[], help: [] as number[], version: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    seconds.nothing.push((await measured(['-e', '0'], {})).seconds)
    seconds.help.push((await measured([command, '--help'], {})).seconds)
    seconds.version.push((await measured([command, '--version'], {})).seconds)
  }
  const ceiling = repeatsOf(seconds.nothing).median * 1_000
  return (['help', 'version'] as const).map((option) => {
    const { median, spread } = repeatsOf(seconds[option])
    const note = 'beside `node -e 0`'
    return { name: `--${option}`, ours: median * 1_000, ceiling, unit: 'ms', goal: 3, lessIsBetter: true, spread, note }
  })
}
