import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { largeCentre } from './corpus.js'
import type { BenchLine } from './bench-line.js'
import type { BenchOptions } from './main.js'
import { buildCommand, streamvane } from './processes.js'

const DAYS = 7
const LIMIT_MB = 512
/** Memory after seven days, beside one: flat but for what the last days still hold open. */
const FLAT = 1.2

/** Memory of the projector for 10,000 agents, after one simulated day and after seven. */
export const benchMemory = async (_: BenchOptions): Promise<readonly BenchLine[]> => {
  buildCommand()
  const [one, seven] = [await peakOf(1), await peakOf(DAYS)]
  const note = `10,000 agents, ${DAYS} days, ${seven.events} events; memory of the process without mapped files`
  const less = { unit: 'MB', lessIsBetter: true as const, note }
  return [
    { ...less, name: 'memory of the projector', ours: seven.peakMb, ceiling: LIMIT_MB, goal: 1 },
    { ...less, name: 'memory after seven days beside one', ours: seven.peakMb, ceiling: one.peakMb, goal: FLAT },
  ]
}

const peakOf = async (days: number): Promise<Readonly<{ peakMb: number; events: number }>> => {
  const { file, events } = largeCentre(days)
  const data = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'streamvane-bench-'))
  const env = { STREAMVANE_EGRESS__SINK: 'files' }
  try {
    await streamvane(['import', file, '--data', data], { env })
    const { peakMb } = await streamvane(['run', '--only', 'projector', '--until-caught-up', '--data', data], { env })
    return { peakMb, events }
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}
