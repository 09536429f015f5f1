import { families, type FamilyName } from '../../domain/family.js'
import type { FlatRow } from '../../domain/flat-row.js'
import { builtInKpisOf } from '../../domain/kpi.js'
import { COUNT, MAX, MIN, SUM, type MeasureSlots } from '../../domain/measure-slots.js'
import { metricIndex, metricKind, type MetricKind } from '../../domain/metric.js'
import { rowKey, type RowStatus } from '../../domain/row.js'
import { bucketThrough, quantile, type Sketch } from '../../domain/sketch.js'
import { headerWriter } from './header-writer.js'
import { AvroWriter } from './writer.js'
import { quantileShares } from '../schema/measure-schema.js'
import { carriesServiceTarget, rowStatuses } from '../schema/row-schema.js'

/**
 * Writes rows of one family in the encoding of its schema (row-schema.ts), straight from flat figures. avsc would walk
 * the schema; for a row of eighty fields, most of them null, that takes many times as long. A property over arbitrary
 * rows compares the bytes with those of avsc.
 *
 * Throws if a row does not fit the contract, which is a defect of the projection.
 */
export const rowEncoder = (family: FamilyName): ((row: FlatRow) => Uint8Array) => {
  const out = new AvroWriter()
  const writeHeader = headerWriter(family)
  const writeMeasures = measuresWriter(family)
  const builtInCount = builtInKpisOf(family).length
  const hasServiceTarget = carriesServiceTarget(family)

  const write = (row: FlatRow): void => {
    if (row.family !== family) throw new RangeError(`it is of family ${row.family}`)
    writeHeader(out, row)
    out.byte(statusBytes[row.status])
    if (row.correction === null) out.byte(NULL)
    else {
      out.byte(PRESENT)
      out.string(row.correction)
    }
    out.long(row.revision)
    if (row.erased === null) out.byte(NULL)
    else {
      out.byte(PRESENT)
      out.long(row.erased)
    }
    if (hasServiceTarget) nullableDouble(out, row.serviceTarget)
    writeMeasures(out, row)
    writeKpis(out, row, builtInCount)
  }

  return (row) => {
    out.begin()
    try {
      write(row)
    } catch (cause) {
      throw new Error(`row ${rowKey(row)} does not fit the schema of ${family}: ${(cause as Error).message}`, { cause })
    }
    return out.finish()
  }
}

/** Branches of a union with null first. */
const NULL = 0
const PRESENT = 2

const statusBytes = Object.fromEntries(rowStatuses.map((status, symbol) => [status, 2 * symbol])) as Readonly<
  Record<RowStatus, number>
>

const nullableDouble = (out: AvroWriter, value: number | null): void => {
  if (value === null) return out.byte(NULL)
  out.byte(PRESENT)
  out.double(value)
}

/** A metric that has a slot: where its numbers are, and how many fields of metrics without a slot stand before it. */
type SlottedField = Readonly<{ metric: number; kind: MetricKind; offset: number; nullsBefore: number }>

/** Writes the record of measures: those of the metrics that have a slot, in the order of the schema, and nulls. */
const measuresWriter = (family: FamilyName): ((out: AvroWriter, row: FlatRow) => void) => {
  const fields = families[family].metrics.map((name) => ({
    metric: metricIndex.get(name) as number,
    kind: metricKind(name),
  }))
  let slots: MeasureSlots | undefined
  let slotted: readonly SlottedField[] = []
  let slotCount = 0
  let nullsBehind = 0

  /** The slots of a family seldom change. */
  const arrange = (now: MeasureSlots): void => {
    const found: SlottedField[] = []
    let nulls = 0
    for (const { metric, kind } of fields) {
      const offset = now.offsets[metric] as number
      if (offset < 0) nulls += 1
      else {
        found.push({ metric, kind, offset, nullsBefore: nulls })
        nulls = 0
      }
    }
    slots = now
    slotCount = now.metrics.length
    slotted = found
    nullsBehind = nulls
  }

  return (out, { slots: now, numbers, sketches }) => {
    if (slots !== now || slotCount !== now.metrics.length) arrange(now)
    let nulls = 0
    for (let i = 0; i < slotted.length; i++) {
      const { metric, kind, offset, nullsBefore } = slotted[i] as SlottedField
      nulls += nullsBefore
      // Beyond the end: the metric got its slot after the numbers were made.
      const count = offset < numbers.length ? (numbers[offset + COUNT] as number) : 0
      if (count === 0) {
        nulls += 1
        continue
      }
      if (nulls > 0) out.zeros(nulls)
      nulls = 0
      out.byte(PRESENT)
      if (kind === 'count') out.long(count)
      else if (kind === 'state') out.long(numbers[offset + SUM] as number)
      else if (kind === 'observation') {
        out.long(count)
        for (let part = SUM; part <= MAX; part++) out.double(numbers[offset + part] as number)
      } else {
        out.long(count)
        for (let part = SUM; part <= MAX; part++) out.long(numbers[offset + part] as number)
        const sketch = sketches?.get(metric)
        if (sketch === undefined) out.byte(NULL)
        else {
          out.byte(PRESENT)
          writeQuantiles(out, sketch, numbers[offset + MIN] as number, numbers[offset + MAX] as number)
        }
      }
    }
    nulls += nullsBehind
    if (nulls > 0) out.zeros(nulls)
  }
}

const shares = Object.values(quantileShares)

const writeQuantiles = (out: AvroWriter, sketch: Sketch, min: number, max: number): void => {
  for (const share of shares) out.long(quantile(sketch, share, min, max) as number)
  out.long(sketch.length)
  for (const [bucket, count] of sketch) {
    out.long(bucketThrough(bucket))
    out.long(count)
  }
  out.byte(NO_MORE)
}

/** Ends the blocks of an array or map. */
const NO_MORE = 0

/** A field for each of the built-in KPIs of the family, and a map of those of the profile. */
const writeKpis = (out: AvroWriter, { kpiNames, ratios }: FlatRow, builtInCount: number): void => {
  let at = 0
  for (let place = 0; place < builtInCount; place++) {
    if (ratios[at] !== place) {
      out.byte(NULL)
      continue
    }
    const denominator = ratios[at + 2] as number
    if (Number.isNaN(denominator)) throw new RangeError(`${kpiNames[place]} has no denominator`)
    out.byte(PRESENT)
    out.long(ratios[at + 1] as number)
    out.long(denominator)
    at += 3
  }
  if (at < ratios.length) {
    out.long((ratios.length - at) / 3)
    for (; at < ratios.length; at += 3) {
      const denominator = ratios[at + 2] as number
      out.string(kpiNames[ratios[at] as number] as string)
      out.double(ratios[at + 1] as number)
      nullableDouble(out, Number.isNaN(denominator) ? null : denominator)
    }
  }
  out.byte(NO_MORE)
}
