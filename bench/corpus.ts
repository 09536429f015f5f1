import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { SimulateOptions } from '../src/simulator/options.js'
import { simulate } from '../src/simulator/simulate.js'

export type CorpusKind = 'metric-records' | 'detail-events'

export type Corpus = Readonly<{ kind: CorpusKind; file: string; events: number; bytes: number }>

const FOLDER = join(import.meta.dirname, '..', 'data', 'bench')
const FROM = Date.parse('2026-01-05T06:00:00Z')
/** Written at once. */
const CHUNK_BYTES = 4 * 1024 * 1024

/**
 * A file of NDJSON with exactly so many events of a simulated contact centre, in EventBridge envelopes of about 1.2 kB,
 * made when it is asked for the first time. The same kind and number give the same bytes.
 */
export const corpusOf = (kind: CorpusKind, events: number): Corpus =>
  made(kind, { seed: 7, fromMs: FROM, hours: 24 * 365, queues: 22, agents: 300, emit: kind }, events)

/** All events of 10,000 agents in so many days, metric records, with four thousand conversations in the busiest hour. */
export const largeCentre = (days: number): Corpus => {
  const centre = { seed: 11, fromMs: FROM, hours: 24 * days, queues: 200, agents: 10_000, callsPerHour: 4_000 }
  return made('metric-records', { ...centre, emit: 'metric-records' }, undefined)
}

const made = (kind: CorpusKind, centre: SimulateOptions, wanted: number | undefined): Corpus => {
  const options = { ...centre, truthOf: [] }
  const name = createHash('sha256')
    .update(JSON.stringify([options, wanted]))
    .digest('hex')
    .slice(0, 8)
  const file = join(FOLDER, `${kind}-${name}.ndjson`)
  const countFile = `${file}.events`
  if (!existsSync(countFile)) writeFileSync(countFile, String(write(file, simulate(options), wanted)))
  return { kind, file, events: Number(readFileSync(countFile, 'utf8')), bytes: statSync(file).size }
}

/** Returns how many events it wrote: all, or as many as are wanted. */
const write = (file: string, lines: Iterable<{ line: string }>, wanted: number | undefined): number => {
  mkdirSync(FOLDER, { recursive: true })
  const draft = `${file}.part`
  const out = openSync(draft, 'w')
  let chunk: string[] = []
  let size = 0
  let count = 0
  const flush = (): void => {
    writeSync(out, chunk.join(''))
    chunk = []
    size = 0
  }
  for (const { line } of lines) {
    chunk.push(line, '\n')
    size += line.length
    count += 1
    if (size > CHUNK_BYTES) flush()
    if (count === wanted) break
  }
  flush()
  closeSync(out)
  if (wanted !== undefined && count < wanted) throw new Error(`the simulation gave ${count} events, not ${wanted}`)
  renameSync(draft, file)
  return count
}
