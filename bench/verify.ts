import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { corpusOf, type Corpus, type CorpusKind } from './corpus.js'
import type { BenchLine } from './bench-line.js'
import type { BenchOptions } from './main.js'
import { buildCommand, streamvane, task, type Used } from './processes.js'
import { repeatsOf } from './repeats.js'

/** What the same takes of a quarter of the events, to see whether memory grows. */
const QUARTER = 4
const FLAT = 1.2

/** `streamvane verify` of a whole log, in processor time on one thread, beside that of `JSON.parse` of the same bytes. */
export const benchVerify = async (options: BenchOptions): Promise<readonly BenchLine[]> => {
  buildCommand()
  const lines: BenchLine[] = []
  for (const kind of ['metric-records', 'detail-events'] as const) lines.push(...(await linesOf(kind, options)))
  return lines
}

const linesOf = async (kind: CorpusKind, { events, repeats }: BenchOptions): Promise<readonly BenchLine[]> => {
  const corpus = corpusOf(kind, events)
  const parsed: number[] = []
  for (let i = 0; i < repeats; i++)
    parsed.push((await task<{ parseCpuSeconds: number }>('parse', corpus.file)).parseCpuSeconds)
  const parse = repeatsOf(parsed).median
  const whole = await verified(corpus, repeats)
  const quarter = await verified(corpusOf(kind, Math.floor(events / QUARTER)), 1)
  const line = (name: string, runs: readonly Used[]): BenchLine => {
    const { median, spread } = repeatsOf(runs.map(({ cpuSeconds }) => cpuSeconds))
    return {
      name: `${name}, ${kind}`,
      ours: events / median,
      ceiling: events / parse,
      unit: 'events/s',
      spread,
      peakMb: Math.max(...runs.map(({ peakMb }) => peakMb)),
      note: `${events} events; processor time of the whole process, one thread; beside JSON.parse`,
    }
  }
  return [
    line('verify from raw events', whole.raw),
    line('verify --quick, from kept facts', whole.quick),
    {
      name: `memory of verify, ${events} events beside a quarter, ${kind}`,
      ours: Math.max(...whole.raw.map(({ peakMb }) => peakMb)),
      ceiling: Math.max(...quarter.raw.map(({ peakMb }) => peakMb)),
      unit: 'MB',
      goal: FLAT,
      lessIsBetter: true,
      note: 'without mapped files',
    },
  ]
}

const verified = async (
  corpus: Corpus,
  repeats: number,
): Promise<Readonly<{ raw: readonly Used[]; quick: readonly Used[] }>> => {
  const data = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'streamvane-bench-'))
  const env = {
    STREAMVANE_EGRESS__SINK: 'files', // nothing is published, so no destination is needed
    STREAMVANE_PROJECTOR__DECODING_THREADS: '0',
    STREAMVANE_PROFILE__POINTS: corpus.kind,
  }
  try {
    await streamvane(['import', corpus.file, '--data', data], { env })
    await streamvane(['run', '--only', 'projector', '--until-caught-up', '--data', data], { env })
    const runs = { raw: [] as Used[], quick: [] as Used[] }
    for (let i = 0; i < repeats; i++) {
      runs.raw.push(await streamvane(['verify', '--data', data], { env }))
      runs.quick.push(await streamvane(['verify', '--quick', '--data', data], { env }))
    }
    return runs
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}
