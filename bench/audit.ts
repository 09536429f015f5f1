import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchLine } from './bench-line.js'
import { corpusOf, type Corpus } from './corpus.js'
import type { BenchOptions } from './main.js'
import { buildCommand, streamvane, task, type Used } from './processes.js'
import { repeatsOf } from './repeats.js'

/** What the same takes of a quarter of the events, to see whether memory grows. */
const QUARTER = 4
const FLAT = 1.2

type Measured = Readonly<{ seal: Used; check: Used; export: Used; verify: Used; bytes: number }>

/**
 * `streamvane audit` over a raw log: sealing it, comparing it with what was signed, exporting it and verifying the
 * export, in processor time of the whole process, beside that of `JSON.parse` of the same events.
 */
export const benchAudit = async ({ events, repeats }: BenchOptions): Promise<readonly BenchLine[]> => {
  buildCommand()
  const corpus = corpusOf('metric-records', events)
  const parsed: number[] = []
  for (let i = 0; i < repeats; i++)
    parsed.push((await task<{ parseCpuSeconds: number }>('parse', corpus.file)).parseCpuSeconds)
  const parse = repeatsOf(parsed).median
  const runs = await measuredRuns(corpus, repeats)
  const [quarter] = await measuredRuns(corpusOf('metric-records', Math.floor(events / QUARTER)), 1)
  const line = (name: string, of: (run: Measured) => Used, note = ''): BenchLine => {
    const { median, spread } = repeatsOf(runs.map((run) => of(run).cpuSeconds))
    const peakMb = Math.max(...runs.map((run) => of(run).peakMb))
    return {
      ...{ name, ours: events / median, ceiling: events / parse, unit: 'events/s', spread, peakMb },
      note: `${events} events; processor time of the whole process; beside JSON.parse${note}`,
    }
  }
  const memory = (name: string, of: (run: Measured) => Used): BenchLine => ({
    name: `memory of ${name}, ${events} events beside a quarter`,
    ...{ ours: Math.max(...runs.map((run) => of(run).peakMb)), ceiling: of(quarter!).peakMb, unit: 'MB' },
    ...{ goal: FLAT, lessIsBetter: true, note: 'without mapped files' },
  })
  const share = ((100 * runs[0]!.bytes) / corpus.bytes).toFixed(1)
  return [
    line('audit seal of a new log', ({ seal }) => seal),
    line('audit verify of the log', ({ check }) => check),
    line('audit export', (run) => run.export, `; the file is ${share} % of the NDJSON`),
    line('audit verify of an export', ({ verify }) => verify),
    memory('audit seal', ({ seal }) => seal),
    memory('audit export', (run) => run.export),
    memory('audit verify of an export', ({ verify }) => verify),
  ]
}

const measuredRuns = async (corpus: Corpus, repeats: number): Promise<readonly Measured[]> => {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'streamvane-bench-'))
  const [data, key] = [join(dir, 'data'), join(dir, 'key')]
  const env = { AUDIT_KEY: '', STREAMVANE_AUDIT__KEY__ENV: 'AUDIT_KEY' }
  try {
    const made = await streamvane(['audit', 'keygen', '--out', key])
    env.AUDIT_KEY = readFileSync(key, 'utf8')
    await streamvane(['import', corpus.file, '--data', data])
    const runs: Measured[] = []
    for (let i = 0; i < repeats; i++) {
      rmSync(join(data, 'state'), { recursive: true, force: true })
      rmSync(join(data, 'log', 'audit'), { recursive: true, force: true })
      const file = join(dir, `${i}.svaudit`)
      runs.push({
        seal: await streamvane(['audit', 'seal', '--data', data], { env }),
        check: await streamvane(['audit', 'verify', '--data', data], { env }),
        export: await streamvane(['audit', 'export', '--data', data, '--tree', 'raw', '--out', file], { env }),
        verify: await streamvane(['audit', 'verify', file, '--key', made.stdout.trim()]),
        bytes: statSync(file).size,
      })
      rmSync(file)
    }
    return runs
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
