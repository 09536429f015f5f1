import { families, type FamilyName } from '../../domain/family.js'
import { holdsNothing, type FlatRow } from '../../domain/flat-row.js'
import { builtInKpisOf } from '../../domain/kpi.js'
import { COUNT, MAX, MIN, offsetsOf, SUM } from '../../domain/flat-measures.js'
import { metricIndex, metricKind, metricNames, type MetricKind } from '../../domain/metric.js'
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
    if (holdsNothing(row)) {
      out.byte(PRESENT)
      out.byte(TRUE)
    } else out.byte(NULL)
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
const TRUE = 1

const statusBytes = Object.fromEntries(rowStatuses.map((status, symbol) => [status, 2 * symbol])) as Readonly<
  Record<RowStatus, number>
>

const nullableDouble = (out: AvroWriter, value: number | null): void => {
  if (value === null) return out.byte(NULL)
  out.byte(PRESENT)
  out.double(value)
}

/** Writes the record of measures. */
const measuresWriter = (family: FamilyName): ((out: AvroWriter, row: FlatRow) => void) => {
  const fields = families[family].metrics.map((name) => metricIndex.get(name) as number)
  const kinds = families[family].metrics.map(metricKind)
  const scratch = new Int16Array(metricNames.length)

  return (out, { places, numbers, sketches }) => {
    const offsets = offsetsOf(places, scratch)
    let nulls = 0
    for (let field = 0; field < fields.length; field++) {
      const place = fields[field] as number
      const at = offsets[place] as number
      if (at < 0 || numbers[at + COUNT] === 0) {
        nulls += 1
        continue
      }
      if (nulls > 0) out.zeros(nulls)
      nulls = 0
      out.byte(PRESENT)
      writeMeasure(out, kinds[field] as MetricKind, numbers, at, sketches?.get(place))
    }
    if (nulls > 0) out.zeros(nulls)
  }
}

const writeMeasure = (
  out: AvroWriter,
  kind: MetricKind,
  numbers: readonly number[],
  at: number,
  sketch: Sketch | undefined,
): void => {
  switch (kind) {
    case 'count':
      return out.long(numbers[at + COUNT] as number)
    case 'state':
      return out.long(numbers[at + SUM] as number)
    case 'observation':
      out.long(numbers[at + COUNT] as number)
      for (let part = SUM; part <= MAX; part++) out.double(numbers[at + part] as number)
      return
    case 'duration':
      for (let part = COUNT; part <= MAX; part++) out.long(numbers[at + part] as number)
      if (sketch === undefined) return out.byte(NULL)
      out.byte(PRESENT)
      return writeQuantiles(out, sketch, numbers[at + MIN] as number, numbers[at + MAX] as number)
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
