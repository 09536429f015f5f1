import { tableOf } from '../../../../contract/flat-columns.js'
import { readKpiEvent } from '../../../../contract/kpi-stream/stored.js'
import { familyNames } from '../../../../domain/family.js'
import { intervalName, type IntervalComplete } from '../../../../domain/interval-complete.js'
import { DayLists } from '../../../../egress/objects/day-lists.js'
import { wantedName, type IntervalRows, type WantedInterval } from '../../../../egress/objects/interval-rows.js'
import { sha256Of } from '../../../../egress/objects/layout.js'
import { readManifest } from '../../../../egress/objects/manifest-object.js'
import type { ListedInterval, Manifest } from '../../../../egress/objects/manifest.js'
import type { ObjectStore } from '../../../../egress/objects/object-store.js'
import { listed, rowsObject } from '../../../../egress/objects/rows-object.js'
import { inParts } from '../../../../egress/objects/wanted.js'
import type { RowFilter } from '../../../../egress/sink.js'
import { passes } from '../../../pipeline/egress/selection.js'
import { markerEvents } from '../../../row-index/row-events.js'
import type { RowsOf } from '../../../row-index/row-index.js'
import { isCompared, type Compared } from '../findings.js'
import { VerifyRefused } from '../verify.js'

/**
 * - `changed`: list, object and KPI log do not agree
 * - `missing`: the KPI log has the version and it is not listed, or its object is not there
 * - `added`: it is listed and the KPI log does not have it
 */
export type ObjectDifference = Readonly<{
  kind: 'changed' | 'missing' | 'added'
  /** Family, length and start of the interval, and the number of its marker. */
  interval: string
  number: number
  /** Key of the object below the prefix. */
  key: string | null
  what: string
}>

export type ObjectsVerification = Readonly<{
  generation: string
  /** The revision of the KPI stream through which the sink has published. */
  publishedThrough: number
  /** Versions of intervals that were compared. */
  versions: number
  /** Objects that were read. */
  objects: number
  /** Versions of other generations, which were not compared. */
  otherGenerations: number
  /** Objects of rows that no list names; null where a range was compared. */
  unlisted: readonly string[] | null
  differences: number
  first: ObjectDifference | null
  listed: readonly ObjectDifference[]
  isStopped: boolean
}>

export type VerifyObjectsOptions = Readonly<{
  sink: string
  store: ObjectStore
  intervalRows: IntervalRows
  of: RowsOf
  filter: RowFilter
  /** Which markers must be listed: each, the last of each interval, or none (after a promotion of differences). */
  demanded: 'each' | 'latest' | 'none'
  compared: Compared
  signal: AbortSignal
}>

/** Differences that are kept. */
const LISTED_MAX = 100

/**
 * Compares the manifest of an object store with the KPI log of the published generation: every listed version with its
 * marker, every object with its digest and, where this version writes the same columns, with the bytes that the rows of
 * the log give; and whether every marker is listed. Writes nothing. Throws `VerifyRefused`.
 */
export const verifyObjects = async (options: VerifyObjectsOptions): Promise<ObjectsVerification> => {
  const { store, of, compared, signal } = options
  const { manifest, publishedThrough } = await publishedManifest(options)
  const lists = new DayLists(store)
  const found = new Found()
  const names = new Set<string>()
  const keys = new Set<string>()
  let [versions, objects, otherGenerations] = [0, 0, 0]
  const isWhole = compared.family === undefined && compared.from === undefined && compared.to === undefined
  for (const [day, sha256] of Object.entries(manifest.days)) {
    if (signal.aborted) break
    if (!isDayCompared(day, compared)) continue
    const { intervals } = await lists.read(day, sha256, signal)
    for (const { object } of intervals) if (object !== undefined) keys.add(object.key)
    const wanted = intervals.map((each) => ({ each, marker: wantedOf(each) }))
    const own = wanted.filter(
      ({ each, marker }) => each.generation === of.generation && each.number > 0 && isCompared(compared, marker),
    )
    otherGenerations += wanted.filter(({ each }) => each.generation !== of.generation).length
    for (const { marker } of own) names.add(wantedName(marker))
    versions += own.length
    for (const part of inParts(own.map((one) => ({ ...one, ...one.each }))))
      objects += await checkPart(options, part, found)
  }
  if (!signal.aborted) await reportUnlistedMarkers(options, publishedThrough, names, found)
  const unlisted = isWhole && !signal.aborted ? await unlistedKeys(store, keys, signal) : null
  return {
    ...{ generation: of.generation, publishedThrough, versions, objects, otherGenerations, unlisted },
    ...{ differences: found.count, first: found.listed[0] ?? null, listed: found.listed, isStopped: signal.aborted },
  }
}

const publishedManifest = async ({
  sink,
  store,
  of,
  signal,
}: VerifyObjectsOptions): Promise<Readonly<{ manifest: Manifest; publishedThrough: number }>> => {
  const held = await readManifest(store, signal)
  const progress = held?.manifest.progress
  if (held === undefined || progress === undefined || progress === null)
    throw new VerifyRefused(`sink ${sink}: nothing was published to ${store.place} yet`)
  if (progress.generation !== of.generation)
    throw new VerifyRefused(
      `sink ${sink} has published generation ${progress.generation}, not ${of.generation}: verify that one (--generation), ` +
        `or wait until the sink has switched`,
    )
  return { manifest: held.manifest, publishedThrough: progress.revision }
}

type Own = Readonly<{ each: ListedInterval; marker: WantedInterval }>

/** Compares versions of a day; answers how many objects were read. */
const checkPart = async (
  { store, intervalRows, of, signal }: VerifyObjectsOptions,
  own: readonly Own[],
  found: Found,
): Promise<number> => {
  const intervals = await intervalRows(
    of.generation,
    own.map(({ marker }) => marker),
    signal,
  )
  let objects = 0
  for (const { each, marker } of own) {
    const complete = intervals.get(wantedName(marker))
    const tell = (kind: ObjectDifference['kind'], what: string): void =>
      found.add({ kind, interval: intervalName(marker), number: each.number, key: each.object?.key ?? null, what })
    if (complete === undefined) {
      tell('added', 'the KPI log has no such marker')
      continue
    }
    if (!saysTheSame(each, complete.marker)) tell('changed', 'the list says something else than the marker')
    if (each.object === undefined) {
      if (complete.rows.length > 0) tell('missing', 'the list names no object for its rows')
      continue
    }
    const stored = await store.get(each.object.key, signal)
    if (stored === undefined) {
      tell('missing', 'the object is not there')
      continue
    }
    objects += 1
    const expected = await rowsObject(complete, of.generation)
    if (sha256Of(stored.bytes) !== each.object.sha256) tell('changed', 'the object has other bytes than the list says')
    else if (expected.columns === each.object.columns && expected.object.sha256 !== each.object.sha256)
      tell('changed', 'the object has other rows than the KPI log')
  }
  return objects
}

const saysTheSame = (each: ListedInterval, marker: IntervalComplete): boolean => {
  const { current: _, object: __, ...says } = each
  const { current: ___, ...expected } = listed(marker, each)
  return JSON.stringify(says) === JSON.stringify(expected)
}

/** Markers that the sink has passed, and that no list names. */
const reportUnlistedMarkers = async (
  { of, filter, demanded, compared, signal }: VerifyObjectsOptions,
  publishedThrough: number,
  names: ReadonlySet<string>,
  found: Found,
): Promise<void> => {
  if (demanded === 'none') return
  const { family, from, to } = compared
  const range = { families: family && new Set([family]), from, to }
  const due = new Map<string, IntervalComplete>()
  for await (const events of markerEvents(of, range, false)) {
    if (signal.aborted) return
    for (const event of events) {
      const stored = readKpiEvent(event)
      if (stored?.kind !== 'interval-complete' || event.revision > publishedThrough) continue
      const { marker } = stored
      if (!isCompared(compared, marker) || !passes(filter, { ...marker, isProvisional: false })) continue
      due.set(demanded === 'latest' ? intervalName(marker) : wantedName(marker), marker)
    }
  }
  for (const marker of due.values())
    if (!names.has(wantedName(marker)))
      found.add({
        ...{ kind: 'missing', interval: intervalName(marker), number: marker.number, key: null },
        what: 'no list names the marker',
      })
}

const unlistedKeys = async (
  store: ObjectStore,
  keys: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const unlisted: string[] = []
  for (const family of familyNames)
    for await (const { key } of store.list(`${tableOf(family)}/`, signal)) if (!keys.has(key)) unlisted.push(key)
  return unlisted
}

/** Whether intervals of a day may be compared, by its name alone. */
const isDayCompared = (day: string, { family, from, to }: Compared): boolean => {
  const start = Date.parse(day.slice(-10))
  return (
    (family === undefined || tableOf(family) === day.split('/')[0]) &&
    (from === undefined || start + DAY_MS > from) &&
    (to === undefined || start < to)
  )
}

const DAY_MS = 86_400_000

const wantedOf = ({ family, granularity, intervalStart, number }: ListedInterval): WantedInterval =>
  ({ family, granularity, start: Date.parse(intervalStart), number }) as WantedInterval

class Found {
  readonly listed: ObjectDifference[] = []
  count = 0

  add(difference: ObjectDifference): void {
    this.count += 1
    if (this.listed.length < LISTED_MAX) this.listed.push(difference)
  }
}
