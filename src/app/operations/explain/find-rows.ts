import { checkpointIn, isCheckpoint } from '../../../contract/kpi-stream/marks.js'
import { decodeRow, familyOf, readHeader, type StoredRow } from '../../../contract/kpi-stream/stored.js'
import type { RowHeader } from '../../../contract/row-header.js'
import type { Dimension } from '../../../domain/dimensions.js'
import { families, type FamilyName } from '../../../domain/family.js'
import { intervalAt, type Granularity } from '../../../domain/granularity.js'
import { DAY_MS, type EpochMs } from '../../../domain/interval.js'
import { nearNames } from '../../../domain/near-names.js'
import type { Profile } from '../../../domain/profile.js'
import { kpiStream } from '../../../domain/stream-name.js'
import type { Position, RecordedEvent } from '../../../log/event-log.js'
import { granularitiesOf } from '../../../projections/cells/cell-finder.js'
import type { Names } from '../../names.js'
import { rowEvents } from '../../row-index/row-events.js'
import type { RowsOf } from '../../row-index/row-index.js'
import { NotExplained } from './not-explained.js'

/** Which rows: of a family, of the interval that holds `at`, with these values of dimensions. */
export type WantedRows = Readonly<{
  family: FamilyName
  at: EpochMs
  /** Absent: the base interval of the profile. */
  granularity?: Granularity | undefined
  /** A queue by its id or its name, everything else by id. */
  dimensions: readonly (readonly [name: Dimension, value: string])[]
}>

/** A revision of a row, where it stands in the KPI log, and through where the raw log was counted in it. */
export type FoundRevision = StoredRow & Readonly<{ position: Position; foldedThrough: Position | undefined }>

/** More rows than these are explained one after the other, by asking for one. */
const ROWS_MAX = 24

/** All published revisions of the rows that are wanted, by key, ascending. Throws `NotExplained`. */
export const findRows = async (
  of: RowsOf,
  profile: Profile,
  wanted: WantedRows,
  names: Names,
): Promise<readonly (readonly FoundRevision[])[]> => {
  const { family, at } = wanted
  const granularity = granularityFor(profile, wanted.granularity)
  if (!profile.families.includes(family))
    throw new NotExplained(
      `generation ${of.generation} computes no rows of family ${family}; its profile has ${profile.families.join(', ')}`,
    )
  const { start } = intervalAt(granularity, profile.zone, at)
  const events = await rowsBetween(of, family, granularity, start, start + 1)
  const matches = matcher(wanted, names)
  const found = new Map<string, RecordedEvent[]>()
  for (const event of events) {
    const { header } = readHeader(event)
    if (!(await matches(header))) continue
    const known = found.get(header.key)
    if (known === undefined) found.set(header.key, [event])
    else known.push(event)
  }
  if (found.size === 0) throw await nothingFound(of, { wanted, granularity, start }, names)
  if (found.size > ROWS_MAX)
    throw new NotExplained(
      `${found.size} rows are of this interval; name one by --where: ${[...found.keys()].slice(0, 3).join(', ')}, …`,
    )
  return Promise.all([...found.values()].map((own) => Promise.all(own.map((event) => revisionOf(of, event)))))
}

const granularityFor = (profile: Profile, wanted: Granularity | undefined): Granularity => {
  const [base = 'PT15M', ...rollUps] = granularitiesOf(profile)
  if (wanted === undefined) return base
  if (wanted === base || rollUps.includes(wanted)) return wanted
  throw new NotExplained(
    `the profile has no intervals of ${wanted}; it has ${[base, ...rollUps].join(', ')} (profile.rollUps adds longer ones)`,
  )
}

const rowsBetween = async (
  of: RowsOf,
  family: FamilyName,
  granularity: Granularity,
  from: EpochMs,
  to: EpochMs,
): Promise<readonly RecordedEvent[]> => {
  const found: RecordedEvent[] = []
  for await (const events of rowEvents(of, { families: new Set([family]), granularity, from, to }))
    for (const event of events) {
      if (familyOf(event) !== family) continue
      const { header } = readHeader(event)
      if (header.granularity === granularity && header.start >= from && header.start < to) found.push(event)
    }
  return found
}

/** A test of dimensions; a queue that is no id of a row is looked for by its name. */
const matcher = (
  { family, dimensions }: WantedRows,
  names: Names,
): ((header: Pick<RowHeader, 'dimensions'>) => Promise<boolean>) => {
  const places = dimensions.map(([name, value]) => ({ name, value, place: placeOf(family, name) }))
  return async (header) => {
    for (const { name, value, place } of places) {
      const is = header.dimensions[place] ?? null
      if (is === value || (is === null && value === '-')) continue
      if (is === null || (await names.of(name, is))?.toLowerCase() !== value.toLowerCase()) return false
    }
    return true
  }
}

const placeOf = (family: FamilyName, dimension: Dimension): number => {
  const place = families[family].dimensions.indexOf(dimension)
  if (place < 0)
    throw new NotExplained(
      `rows of family ${family} have no ${dimension}; they have ${families[family].dimensions.join(', ')}`,
    )
  return place
}

/** The revision with the raw position of the checkpoint that closes its batch. */
const revisionOf = async (of: RowsOf, event: RecordedEvent): Promise<FoundRevision> => {
  const stream = kpiStream(of.tenant, of.generation)
  for await (const events of of.kpi.readStream(stream, { from: event.revision + 1, batchMax: 512 })) {
    const checkpoint = events.find(isCheckpoint)
    if (checkpoint !== undefined)
      return { ...decodeRow(event), position: event.position, foldedThrough: checkpointIn(checkpoint)?.position }
  }
  return { ...decodeRow(event), position: event.position, foldedThrough: undefined }
}

type Sought = Readonly<{ wanted: WantedRows; granularity: Granularity; start: EpochMs }>

/** Why there is no row: another interval has one, or no row has such a value. */
const nothingFound = async (
  of: RowsOf,
  { wanted, granularity, start }: Sought,
  names: Names,
): Promise<NotExplained> => {
  const { family, dimensions } = wanted
  const matches = matcher(wanted, names)
  const headers: RowHeader[] = []
  for (const [from, to] of [
    [start - NEARBY_MS, start + NEARBY_MS],
    [-Infinity, Infinity],
  ] as const) {
    const near = await rowsBetween(of, family, granularity, from, to)
    headers.splice(0, headers.length, ...near.map((event) => readHeader(event).header))
    const starts = new Set<EpochMs>()
    for (const header of headers) if (await matches(header)) starts.add(header.start)
    if (starts.size > 0)
      return new NotExplained(
        `${saidOf(dimensions)} has no row of the interval of ${isoOf(start)} (${granularity}): nothing was counted in it. Rows nearby begin at ${nearestOf(
          [...starts],
          start,
        )
          .map(isoOf)
          .join(', ')}`,
      )
  }
  if (headers.length === 0) return new NotExplained(`generation ${of.generation} has no rows of family ${family} yet`)
  return unknownValue(dimensions, family, headers, names)
}

const NEARBY_MS = 2 * DAY_MS

/** A value that no row has, with those that come near. */
const unknownValue = async (
  dimensions: WantedRows['dimensions'],
  family: FamilyName,
  headers: readonly RowHeader[],
  names: Names,
): Promise<NotExplained> => {
  for (const [name, value] of dimensions) {
    const place = placeOf(family, name)
    const ids = [...new Set(headers.flatMap((header) => header.dimensions[place] ?? []))]
    const known = await Promise.all(ids.map(async (id) => (await names.of(name, id)) ?? id))
    const all = [...new Set([...ids, ...known])]
    if (all.some((one) => one.toLowerCase() === value.toLowerCase())) continue
    const near = nearNames(value, all)
    const some = [...new Set(known)].sort()
    return new NotExplained(
      `no row of family ${family} has ${name} ${value}; ${near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there ${some.length === 1 ? 'is' : 'are'} ${some.slice(0, 8).join(', ')}${some.length > 8 ? ', …' : ''}`}`,
    )
  }
  return new NotExplained(`no row of family ${family} has all of ${saidOf(dimensions)}`)
}

const saidOf = (dimensions: WantedRows['dimensions']): string =>
  dimensions.length === 0 ? 'the family' : dimensions.map(([name, value]) => `${name} ${value}`).join(', ')

const isoOf = (at: EpochMs): string => new Date(at).toISOString()

/** The starts around an instant: up to two before it and two behind it. */
const nearestOf = (starts: readonly EpochMs[], at: EpochMs): readonly EpochMs[] => {
  const sorted = starts.toSorted((a, b) => a - b)
  return [...sorted.filter((start) => start < at).slice(-2), ...sorted.filter((start) => start > at).slice(0, 2)]
}
