import { families, type FamilyName } from '../../domain/family.js'
import { builtInKpisOf } from '../../domain/kpi.js'
import type { Measure } from '../../domain/measure.js'
import { metricIndex, metricKind, type MetricKind } from '../../domain/metric.js'
import type { Row, RowStatus } from '../../domain/row.js'
import { bucketThrough, quantile, type Sketch } from '../../domain/sketch.js'
import { AvroWriter } from './writer.js'
import { quantileShares } from '../schema/measure-schema.js'
import { carriesServiceTarget, rowStatuses } from '../schema/row-schema.js'

/**
 * Writes rows of one family in the encoding of its schema (row-schema.ts). avsc would walk the schema; for a row of
 * eighty fields, most of them null, that takes several times as long as writing a zero for each. A property over
 * arbitrary rows compares the bytes with those of avsc.
 *
 * Throws if a row does not fit the contract, which is a defect of the projection.
 */
export const rowEncoder = (family: FamilyName): ((row: Row) => Uint8Array) => {
  const out = new AvroWriter()
  const dimensions = families[family].dimensions.map((name) => ({
    name,
    isOptional: families[family].optional.includes(name),
  }))
  const places = families[family].metrics.map((metric) => metricIndex.get(metric) as number)
  const writers = families[family].metrics.map((metric) => measureWriters[metricKind(metric)])
  const kpiNames = builtInKpisOf(family).map(({ name }) => name)
  const hasServiceTarget = carriesServiceTarget(family)

  const write = (row: Row): void => {
    if (row.family !== family) throw new RangeError(`it is of family ${row.family}`)
    out.string(family)
    out.string(row.key)
    out.string(row.tenant)
    for (let i = 0; i < dimensions.length; i++) {
      const { name, isOptional } = dimensions[i] as (typeof dimensions)[number]
      const value = row.dimensions[i] ?? null
      if (isOptional) nullableString(out, value)
      else if (value === null) throw new RangeError(`${name} is null`)
      else out.string(value)
    }
    out.string(row.granularity)
    out.long(row.start)
    out.long(row.end)
    out.byte(statusBytes[row.status])
    nullableString(out, row.correction)
    out.long(row.revision)
    nullableLong(out, row.erased)
    if (hasServiceTarget) nullableDouble(out, row.serviceTarget)
    let nulls = 0
    for (let i = 0; i < places.length; i++) {
      const measure = row.measures[places[i] as number]
      if (measure === undefined || measure.count === 0) nulls += 1
      else {
        if (nulls > 0) out.zeros(nulls)
        nulls = 0
        out.byte(PRESENT)
        ;(writers[i] as MeasureWriter)(out, measure)
      }
    }
    out.zeros(nulls)
    writeKpis(out, row.kpis, kpiNames)
  }

  return (row) => {
    out.begin()
    try {
      write(row)
    } catch (cause) {
      throw new Error(`row ${row.key} does not fit the schema of ${family}: ${(cause as Error).message}`, { cause })
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

const nullableString = (out: AvroWriter, value: string | null): void => {
  if (value === null) return out.byte(NULL)
  out.byte(PRESENT)
  out.string(value)
}

const nullableLong = (out: AvroWriter, value: number | null): void => {
  if (value === null) return out.byte(NULL)
  out.byte(PRESENT)
  out.long(value)
}

const nullableDouble = (out: AvroWriter, value: number | null): void => {
  if (value === null) return out.byte(NULL)
  out.byte(PRESENT)
  out.double(value)
}

type MeasureWriter = (out: AvroWriter, measure: Measure) => void

const measureWriters: Readonly<Record<MetricKind, MeasureWriter>> = {
  count: (out, { count }) => out.long(count),
  duration: (out, { count, sum, min, max, sketch }) => {
    out.long(count)
    out.long(sum)
    out.long(min)
    out.long(max)
    if (sketch.length === 0) return out.byte(NULL)
    out.byte(PRESENT)
    writeQuantiles(out, sketch, min, max)
  },
  observation: (out, { count, sum, min, max }) => {
    out.long(count)
    out.double(sum)
    out.double(min)
    out.double(max)
  },
  state: (out, { sum }) => out.long(sum),
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

/** The built-in KPIs of the family in their order, then those of the profile. */
const writeKpis = (out: AvroWriter, kpis: Row['kpis'], builtIn: readonly string[]): void => {
  let written = 0
  for (const name of builtIn) {
    const ratio = kpis[name]
    if (ratio === undefined) out.byte(NULL)
    else {
      out.byte(PRESENT)
      out.long(ratio.numerator)
      out.long(ratio.denominator as number) // built-in KPIs have one; null is refused
      written += 1
    }
  }
  const names = Object.keys(kpis)
  if (names.length > written) {
    out.long(names.length - written)
    for (const name of names) {
      if (builtIn.includes(name)) continue
      const { numerator, denominator } = kpis[name] as Row['kpis'][string]
      out.string(name)
      out.double(numerator)
      nullableDouble(out, denominator)
    }
  }
  out.byte(NO_MORE)
}
