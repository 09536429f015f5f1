import { families, type FamilyName } from '../../domain/family.js'
import { builtInKpisOf } from '../../domain/kpi.js'
import { metricKind } from '../../domain/metric.js'
import { quantileShares } from '../schema/measure-schema.js'
import { carriesServiceTarget } from '../schema/row-schema.js'
import { AvroReader } from './reader.js'
import { erasedIn } from './row-decoder.js'
import { AvroWriter } from './writer.js'

/** What a row says besides its header. */
export type RowFigures = Readonly<{
  /**
   * Measures and KPIs as bytes: equal for two rows of a family exactly if their `valueText` is equal but for the key.
   * `undefined`: the row holds nothing.
   */
  figures: Uint8Array | undefined
  erased: number | null
  serviceTarget: number | null
}>

/**
 * Reads the figures of data of one family as they lie there, without making a row of them: comparing two generations
 * reads every row of both. Throws a RangeError if the bytes are not a datum of the family's schema.
 *
 * The bytes are those of the datum, with three differences: a measure has its field's number before it, for those that
 * are absent are left out; time in a state that was taken back as a whole is absent; KPIs of a profile are in the order
 * of their names.
 */
export const figuresReader = (family: FamilyName): ((bytes: Uint8Array) => RowFigures) => {
  const skipHeader = headerSkipper(family)
  const skips = families[family].metrics.map((metric) => measureSkips[metricKind(metric)])
  const kpiCount = builtInKpisOf(family).length
  const hasServiceTarget = carriesServiceTarget(family)
  const out = new AvroWriter()

  /** Answers how many measures there are. */
  const copyMeasures = (from: AvroReader): number => {
    let found = 0
    for (let field = 0; field < skips.length; field++) {
      if (!from.isPresent()) continue
      const begin = from.position
      if (!(skips[field] as Skip)(from)) continue
      found += 1
      out.long(field)
      out.bytes(from.since(begin))
    }
    return found
  }

  const copyKpis = (from: AvroReader): void => {
    const begin = from.position
    for (let kpi = 0; kpi < kpiCount; kpi++)
      if (from.isPresent()) {
        from.long()
        from.long()
      }
    out.bytes(from.since(begin))
    const ofProfile: [name: string, ratio: Uint8Array][] = []
    from.items(() => {
      const name = from.string()
      const at = from.position
      from.double()
      if (from.isPresent()) from.double()
      ofProfile.push([name, from.since(at)])
    })
    for (const [name, ratio] of ofProfile.sort(([a], [b]) => (a < b ? -1 : 1))) {
      out.string(name)
      out.bytes(ratio)
    }
  }

  return (bytes) => {
    const from = new AvroReader(bytes)
    skipHeader(from)
    const erased = erasedIn(from)
    const serviceTarget = hasServiceTarget && from.isPresent() ? from.double() : null
    out.begin()
    const found = copyMeasures(from)
    copyKpis(from)
    from.end()
    return { figures: found === 0 ? undefined : out.finish(), erased, serviceTarget }
  }
}

/** Passes over the fields that `headerReader` reads. */
const headerSkipper = (family: FamilyName): ((from: AvroReader) => void) => {
  const { dimensions, optional } = families[family]
  const isOptional = dimensions.map((name) => optional.includes(name))
  return (from) => {
    for (let text = 0; text < 3; text++) from.skipString() // family, key, tenant
    for (const each of isOptional) if (!each || from.isPresent()) from.skipString()
    from.skipString() // granularity
    from.long()
    from.long()
    from.byte() // status
    if (from.isPresent()) from.skipString() // correction
    from.long() // revision
  }
}

/** Passes over a measure. Answers whether it says anything. */
type Skip = (from: AvroReader) => boolean

const measureSkips: Readonly<Record<ReturnType<typeof metricKind>, Skip>> = {
  count: (from) => from.long() !== 0,
  state: (from) => from.long() !== 0,
  observation: (from) => {
    const count = from.long()
    for (let number = 0; number < 3; number++) from.double()
    return count !== 0
  },
  duration: (from) => {
    const count = from.long()
    for (let number = 0; number < 3; number++) from.long()
    if (from.isPresent()) {
      for (let share = 0; share < SHARES; share++) from.long()
      from.items(() => {
        from.long()
        from.long()
      })
    }
    return count !== 0
  },
}

const SHARES = Object.keys(quantileShares).length
