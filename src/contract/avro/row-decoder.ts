import { families, type FamilyName } from '../../domain/family.js'
import { builtInKpisOf, type Ratio } from '../../domain/kpi.js'
import type { Measure } from '../../domain/measure.js'
import { metricIndex, metricKind, metricNames, type MetricKind } from '../../domain/metric.js'
import type { Row } from '../../domain/row.js'
import { bucketOf, noSketch, type Sketch } from '../../domain/sketch.js'
import { AvroReader } from './reader.js'
import { quantileShares } from '../schema/measure-schema.js'
import { headerReader } from '../row-header.js'
import { carriesServiceTarget } from '../schema/row-schema.js'

/**
 * Reads what `rowEncoder` writes. (avsc builds an object with all eighty fields, most of them null, which takes ten
 * times as long.) What the contract does not carry gets fixed values, see `RowCodec.decode`. Throws a RangeError if the
 * bytes are not a datum of the family's schema.
 */
export const rowDecoder = (family: FamilyName): ((bytes: Uint8Array) => Row) => {
  const readHeader = headerReader(family)
  const places = families[family].metrics.map((metric) => metricIndex.get(metric) as number)
  const readers = families[family].metrics.map((metric) => measureReaders[metricKind(metric)])
  const kpiNames = builtInKpisOf(family).map(({ name }) => name)
  const hasServiceTarget = carriesServiceTarget(family)

  const readMeasures = (from: AvroReader): (Measure | undefined)[] => {
    const measures = nothing.slice()
    for (let i = 0; i < places.length; i++)
      if (from.isPresent()) measures[places[i] as number] = (readers[i] as (from: AvroReader) => Measure)(from)
    return measures
  }

  const readKpis = (from: AvroReader): Row['kpis'] => {
    const kpis: Record<string, Ratio> = {}
    for (const name of kpiNames) if (from.isPresent()) kpis[name] = { numerator: from.long(), denominator: from.long() }
    from.items(() => {
      kpis[from.string()] = { numerator: from.double(), denominator: from.isPresent() ? from.double() : null }
    })
    return kpis
  }

  return (bytes) => {
    const from = new AvroReader(bytes)
    const header = readHeader(from)
    // The order of the properties is the order of evaluation, and must be that of the schema's fields.
    const row: Row = {
      erased: erasedIn(from),
      serviceTarget: hasServiceTarget && from.isPresent() ? from.double() : null,
      measures: readMeasures(from),
      kpis: readKpis(from),
      ...header,
    }
    from.end()
    return row
  }
}

/** Reads `erased`, and passes over `empty`, which follows from the figures. */
export const erasedIn = (from: AvroReader): number | null => {
  const erased = from.isPresent() ? from.long() : null
  if (from.isPresent()) from.byte()
  return erased
}

const nothing: readonly (Measure | undefined)[] = new Array<Measure | undefined>(metricNames.length).fill(undefined)

const measureReaders: Readonly<Record<MetricKind, (from: AvroReader) => Measure>> = {
  count: (from) => {
    const count = from.long()
    return { count, sum: count, min: 1, max: 1, sketch: noSketch }
  },
  duration: (from) => ({
    count: from.long(),
    sum: from.long(),
    min: from.long(),
    max: from.long(),
    sketch: readSketch(from),
  }),
  observation: (from) => ({
    count: from.long(),
    sum: from.double(),
    min: from.double(),
    max: from.double(),
    sketch: noSketch,
  }),
  state: (from) => {
    const sum = from.long()
    return { count: 1, sum, min: sum, max: sum, sketch: noSketch }
  },
}

const SHARES = Object.keys(quantileShares).length

const readSketch = (from: AvroReader): Sketch => {
  if (!from.isPresent()) return noSketch
  for (let share = 0; share < SHARES; share++) from.long() // they are computed from the buckets
  const sketch: (readonly [number, number])[] = []
  from.items(() => sketch.push([bucketOf(from.long()), from.long()]))
  return sketch
}
