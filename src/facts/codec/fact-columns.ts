import { factRun, NOT_A_POINT, type FactRun } from '../../domain/fact-run.js'
import type { PointDimensions } from '../../domain/dimensions.js'
import type { EpochMs } from '../../domain/interval.js'
import { TupleIndex } from '../../domain/tuple-index.js'
import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { readFact, writeFact } from './other-facts.js'
import type { TextTableWriter } from './text-table.js'
import { readTuples, writeTuples } from './tuple-table.js'

/** Facts of a run, column by column; facts that are no points in columns come behind them. */
export const writeFacts = (to: ByteWriter, run: FactRun, texts: TextTableWriter): void => {
  const { length, event, metric, value, at, tuple, receivedAt } = run
  const base = firstInstant(run)
  to.whole(length)
  to.whole(base)
  for (let entry = 0, before = 0; entry < length; entry++) {
    to.whole((event[entry] as number) - before)
    before = event[entry] as number
  }
  for (let entry = 0, before = base; entry < length; entry++) {
    const received = receivedAt[entry] as number
    to.number(received - before)
    if (!Number.isNaN(received)) before = received
  }
  for (let entry = 0; entry < length; entry++) {
    const place = metric[entry] as number
    to.whole(place === NOT_A_POINT ? 0 : place + 1)
  }
  for (let entry = 0, before = base; entry < length; entry++)
    if (metric[entry] !== NOT_A_POINT) {
      to.number((at[entry] as number) - before)
      before = at[entry] as number
      to.number(value[entry] as number)
      to.whole(tuple[entry] as number)
    }
  writeSessions(to, run, texts)
  const { bytes, tuples } = otherFacts(run, base, texts)
  writeTuples(to, [...run.tuples, ...tuples], texts)
  to.raw(bytes)
}

const firstInstant = ({ length, receivedAt, metric, at }: FactRun): EpochMs => {
  for (let entry = 0; entry < length; entry++) {
    if (!Number.isNaN(receivedAt[entry])) return receivedAt[entry] as number
    if (metric[entry] !== NOT_A_POINT) return at[entry] as number
  }
  return 0
}

const writeSessions = (to: ByteWriter, { length, session }: FactRun, texts: TextTableWriter): void => {
  const entries = Array.from({ length }, (_, entry) => entry).filter((entry) => session(entry) !== undefined)
  to.whole(entries.length)
  for (const entry of entries) {
    to.whole(entry)
    to.whole(texts.placeOf(session(entry) as string))
  }
}

const readSessions = (from: ByteReader): ReadonlyMap<number, number> =>
  new Map(Array.from({ length: from.whole() }, () => [from.whole(), from.whole()] as const))

/** The facts that are no points in columns, each with its length before it, and the dimensions they use besides. */
const otherFacts = (
  run: FactRun,
  base: EpochMs,
  texts: TextTableWriter,
): Readonly<{ bytes: Uint8Array; tuples: readonly PointDimensions[] }> => {
  const more = new TupleIndex()
  const tables = {
    textPlace: (text: string) => texts.placeOf(text),
    tuplePlace: (tuple: PointDimensions) => run.tuples.length + more.placeOf(tuple),
    base,
  }
  const all = new ByteWriter()
  for (let entry = 0; entry < run.length; entry++) {
    if (run.metric[entry] !== NOT_A_POINT) continue
    const fact = new ByteWriter(64)
    writeFact(fact, run.fact(entry), tables)
    all.sized(fact.finish())
  }
  return { bytes: all.finish(), tuples: more.tuples }
}

export const readFacts = (from: ByteReader, bytes: Buffer, text: (place: number) => string): FactRun => {
  const length = from.whole()
  const base = from.whole()
  const event = new Uint32Array(length)
  for (let entry = 0, before = 0; entry < length; entry++) event[entry] = before += from.whole()
  const receivedAt = new Float64Array(length)
  for (let entry = 0, before = base; entry < length; entry++) {
    const received = before + from.number()
    receivedAt[entry] = received
    if (!Number.isNaN(received)) before = received
  }
  const metric = new Uint16Array(length)
  let others = 0
  for (let entry = 0; entry < length; entry++) {
    const place = from.whole()
    metric[entry] = place === 0 ? NOT_A_POINT : place - 1
    if (place === 0) others++
  }
  const at = new Float64Array(length)
  const value = new Float64Array(length)
  const tuple = new Uint32Array(length)
  for (let entry = 0, before = base; entry < length; entry++)
    if (metric[entry] !== NOT_A_POINT) {
      at[entry] = before += from.number()
      value[entry] = from.number()
      tuple[entry] = from.whole()
    }
  const sessions = readSessions(from)
  const tuples = readTuples(from, text)
  const offsets = otherOffsets(from, metric, others)
  const tables = { text, tuple: (place: number) => tuples[place] as PointDimensions, base }
  return factRun(
    { length, event, metric, value, at, tuple, tuples, receivedAt },
    (entry) => {
      const place = sessions.get(entry)
      return place === undefined ? undefined : text(place)
    },
    (entry) => readFact(new ByteReader(bytes, offsets[entry]), tables),
  )
}

/** Where each fact that is no point begins, by its entry. */
const otherOffsets = (from: ByteReader, metric: Uint16Array, others: number): Uint32Array => {
  const offsets = new Uint32Array(others === 0 ? 0 : metric.length)
  for (let entry = 0; entry < offsets.length; entry++)
    if (metric[entry] === NOT_A_POINT) {
      const length = from.whole()
      offsets[entry] = from.at
      from.at += length
    }
  return offsets
}
