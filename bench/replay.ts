import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { corpusOf, type Corpus, type CorpusKind } from './corpus.js'
import type { BenchLine } from './bench-line.js'
import type { BenchOptions } from './main.js'
import { buildCommand, streamvane, task, type Used } from './processes.js'
import { repeatsOf } from './repeats.js'

/** How many threads may work beside the main one: none, or as many as the product chooses by itself. */
type Threads = 'one thread' | 'all cores'

/** Parts of a data folder. */
const RAW = join('log', 'raw')
const FACTS = 'facts'

/** What the same events cost at an eighth of their number, to see how cost grows. */
const EIGHTH = 8

/**
 * The way of a file of events: import, first pass, rebuild, and what reading back costs. Every measurement is a process
 * of its own, started as an operator starts it, so its figure holds start and end of the process as well. The ceiling
 * of most lines is `JSON.parse` alone of the same bytes on one thread.
 */
export const benchReplay = async (options: BenchOptions): Promise<readonly BenchLine[]> => {
  buildCommand()
  const lines: BenchLine[] = []
  for (const kind of ['metric-records', 'detail-events'] as const) lines.push(...(await wayOf(kind, options)))
  return lines
}

const wayOf = async (kind: CorpusKind, { events, repeats }: BenchOptions): Promise<readonly BenchLine[]> => {
  const corpus = corpusOf(kind, events)
  const small = corpusOf(kind, events / EIGHTH)
  const work = new Workplace(corpus, repeats)
  try {
    const parse = await parseOf(corpus, repeats)
    const imported = [await work.imports('one thread', parse, 0.35), await work.imports('all cores', parse, 0.6)]
    const first = [await work.firstPass('one thread', parse, 0.5), await work.firstPass('all cores', parse, 0.9)]
    const rival = kind === 'metric-records' ? [await duckDb(corpus, first[1] as BenchLine, repeats)] : []
    const again = [await work.rebuild('one thread', parse, 3), await work.rebuild('all cores', parse)]
    return [
      ...imported,
      ...first,
      ...rival,
      ...again,
      ...work.disk(),
      await work.rows(),
      await work.coldStart(),
      await growth(corpus, small, repeats),
    ]
  } finally {
    work.clear()
  }
}

const parseOf = async ({ file }: Corpus, repeats: number): Promise<number> => {
  const seconds: number[] = []
  for (let i = 0; i < repeats; i++) seconds.push((await task<{ parseSeconds: number }>('parse', file)).parseSeconds)
  return repeatsOf(seconds).median
}

type Env = Readonly<Record<string, string>>

/** Data folders of one corpus: one with its raw log, of which the others are copies. */
class Workplace {
  private readonly dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'streamvane-bench-'))
  private readonly corpus: Corpus
  private readonly repeats: number
  /** Raw log alone. */
  private readonly imported = join(this.dir, 'imported')
  /** Raw log, facts and rows. */
  private readonly projected = join(this.dir, 'projected')

  constructor(corpus: Corpus, repeats: number) {
    this.corpus = corpus
    this.repeats = repeats
  }

  async imports(how: Threads, parse: number, goal: number): Promise<BenchLine> {
    const runs = await this.repeated(() => {
      rmSync(this.imported, { recursive: true, force: true })
      const workers = how === 'one thread' ? ['--workers', '0'] : []
      return streamvane(['import', this.corpus.file, ...workers, '--data', this.imported], { env: SETTINGS })
    })
    return this.line(`import, ${how}`, runs, parse, goal)
  }

  async firstPass(how: Threads, parse: number, goal: number): Promise<BenchLine> {
    const runs = await this.repeated(() => {
      rmSync(this.projected, { recursive: true, force: true })
      cpSync(this.imported, this.projected, { recursive: true })
      return streamvane([...PROJECT, '--data', this.projected], { env: this.settings(how) })
    })
    return this.line(`first pass, raw → rows, ${how}`, runs, parse, goal)
  }

  async rebuild(how: Threads, parse: number, goal?: number): Promise<BenchLine> {
    const runs = await this.repeated(() =>
      streamvane(['rebuild', '--data', this.projected], { env: this.settings(how), fine: [0, DIFFERENCES] }),
    )
    return this.line(`rebuild from facts, ${how}`, runs, parse, goal)
  }

  disk(): readonly BenchLine[] {
    const { bytes, kind } = this.corpus
    const size = (name: string, path: string, goal: number): BenchLine => ({
      name: `${name} on disk, ${kind}`,
      ours: bytesIn(join(this.projected, path)),
      ceiling: bytes,
      unit: 'bytes',
      goal,
      lessIsBetter: true,
      note: 'beside the bytes of NDJSON',
    })
    return [size('raw log', RAW, 0.3), size('facts', FACTS, 0.1)]
  }

  /** One quarter hour of one family, in a whole process. */
  async rows(): Promise<BenchLine> {
    const range = ['--from', '2026-01-05T10:00:00Z', '--to', '2026-01-05T10:15:00Z']
    const runs = await this.repeated(() =>
      streamvane(['rows', '--family', 'queue', ...range, '--json', '--data', this.projected]),
    )
    return this.duration('rows of one interval', runs, 0.5)
  }

  /** From the start of a process whose log holds everything to its orderly end, with nothing left to do. */
  async coldStart(): Promise<BenchLine> {
    const runs = await this.repeated(() =>
      streamvane([...PROJECT, '--data', this.projected], { env: this.settings('all cores') }),
    )
    return this.duration('cold start, caught up', runs, 3)
  }

  clear(): void {
    rmSync(this.dir, { recursive: true, force: true })
  }

  private settings(how: Threads): Env {
    const threads: Env = how === 'one thread' ? { STREAMVANE_PROJECTOR__DECODING_THREADS: '0' } : {}
    return { ...SETTINGS, ...threads, STREAMVANE_PROFILE__POINTS: this.corpus.kind }
  }

  private async repeated(run: () => Promise<Used>): Promise<readonly Used[]> {
    const runs: Used[] = []
    for (let i = 0; i < this.repeats; i++) runs.push(await run())
    return runs
  }

  private line(name: string, runs: readonly Used[], parse: number, goal?: number): BenchLine {
    const { events, kind } = this.corpus
    const { median, spread } = repeatsOf(runs.map(({ seconds }) => seconds))
    return {
      name: `${name}, ${kind}`,
      ours: events / median,
      ceiling: events / parse,
      unit: 'events/s',
      ...(goal === undefined ? {} : { goal }),
      spread,
      peakMb: Math.max(...runs.map(({ peakMb }) => peakMb)),
      note: `${cpuOf(runs, events)} µs of CPU an event; beside JSON.parse`,
    }
  }

  private duration(name: string, runs: readonly Used[], limitS: number): BenchLine {
    const { median, spread } = repeatsOf(runs.map(({ seconds }) => seconds))
    const peakMb = Math.max(...runs.map((run) => run.peakMb))
    const { events, kind } = this.corpus
    return {
      name: `${name}, ${kind}`,
      ours: median * 1_000,
      ceiling: limitS * 1_000,
      unit: 'ms',
      goal: 1,
      lessIsBetter: true,
      spread,
      peakMb,
      note: `whole process, log of ${events} events; beside what is asked for`,
    }
  }
}

/** Nothing is published, so no destination is needed. */
const SETTINGS: Env = { STREAMVANE_EGRESS__SINK: 'files' }
/** The rebuilt generation differs from the live one. */
const DIFFERENCES = 5
const PROJECT = ['run', '--only', 'projector', '--until-caught-up']

const cpuOf = (runs: readonly Used[], events: number): string =>
  ((repeatsOf(runs.map(({ cpuSeconds }) => cpuSeconds)).median / events) * 1e6).toFixed(1)

const duckDb = async ({ file, events }: Corpus, ours: BenchLine, repeats: number): Promise<BenchLine> => {
  const seconds: number[] = []
  for (let i = 0; i < repeats; i++) seconds.push((await task<{ jobSeconds: number }>('duckdb', file)).jobSeconds)
  const { goal: _, ...line } = ours
  return {
    ...line,
    name: 'first pass, all cores, beside DuckDB',
    ceiling: events / repeatsOf(seconds).median,
    goal: 1,
    note: 'DuckDB: repeats left out, count, sum, min and max by queue and agent in quarter hours, all cores',
  }
}

/** Time an event with all events, beside time an event with an eighth of them. */
const growth = async (corpus: Corpus, small: Corpus, repeats: number): Promise<BenchLine> => {
  const perEvent = async (each: Corpus): Promise<number> => {
    const work = new Workplace(each, repeats)
    try {
      const parse = 1
      await work.imports('all cores', parse, 0)
      const { ours } = await work.firstPass('one thread', parse, 0)
      return 1e6 / ours
    } finally {
      work.clear()
    }
  }
  return {
    name: `time an event, ${corpus.events} events beside ${small.events}, ${corpus.kind}`,
    ours: await perEvent(corpus),
    ceiling: await perEvent(small),
    unit: 'µs',
    goal: 1.1,
    lessIsBetter: true,
    note: 'first pass, one thread',
  }
}

const bytesIn = (path: string): number => {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  // Blocks, not lengths: an LMDB file is sparse.
  return entries
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).blocks * 512, 0)
}
