import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
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
export const corpusOf = (kind: CorpusKind, events: number): Corpus => {
  const options: SimulateOptions = { seed: 7, fromMs: FROM, hours: 24 * 365, queues: 22, agents: 300, emit: kind }
  const name = createHash('sha256')
    .update(JSON.stringify([options, events]))
    .digest('hex')
    .slice(0, 8)
  const file = join(FOLDER, `${kind}-${events}-${name}.ndjson`)
  if (!existsSync(file)) write(file, simulate(options), events)
  return { kind, file, events, bytes: statSync(file).size }
}

const write = (file: string, lines: Iterable<{ line: string }>, events: number): void => {
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
    if (count === events) break
  }
  flush()
  closeSync(out)
  if (count < events) throw new Error(`the simulation gave ${count} events, not ${events}`)
  renameSync(draft, file)
}
