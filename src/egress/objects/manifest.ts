import type { Progress } from '../sink.js'
import { sha256Of } from './layout.js'

/**
 * What counts, and how far the sink has come: `_manifest.json`. It is replaced as a whole under the condition that it
 * is still the version that was read. So rows become visible together with the progress, and an instance that was taken
 * over, which does not know the last version, changes nothing.
 */
export type Manifest = Readonly<{
  format: 1
  tenant: string
  /** Name of the sink. */
  sink: string
  /** Rises by one with every change. */
  version: number
  /** Who may change it. Each instance that connects enters itself. */
  writer: Writer
  progress: Progress | null
  /** The list of each day that holds complete intervals, by `dayName`: the SHA-256 of the list, which is its name. */
  days: Readonly<Record<string, string>>
}>

export type Writer = Readonly<{ id: string; host: string; pid: number }>

/** The complete intervals of a family and length that start on one day in UTC, ordered by start and version. */
export type DayList = Readonly<{ format: 1; day: string; intervals: readonly ListedInterval[] }>

/**
 * One version of an interval: what a marker says of it, and the object that holds its rows. `current`: no other version
 * of the interval is newer. A version that a generation withdrew has the number 0 and no rows.
 */
export type ListedInterval = Readonly<{
  tenant: string
  family: string
  granularity: string
  /** ISO 8601 in UTC. */
  intervalStart: string
  intervalEnd: string
  zone?: string
  generation: string
  promotion: number
  /** Number of the marker. */
  number: number
  rows: number
  /** Digest of the rows, as the marker has it. */
  digest: number
  closedAt?: string
  current: boolean
  /** Absent where there are no rows. */
  object?: ListedObject
}>

/** `columns`: fingerprint of the names and types of its columns. */
export type ListedObject = Readonly<{ key: string; bytes: number; sha256: string; columns: string }>

/** The manifest or a list is not what was written. */
export class ManifestDamaged extends Error {
  override readonly name = 'ManifestDamaged'
}

export const encodeJson = (value: Manifest | DayList): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`)

export const decodeManifest = (bytes: Uint8Array): Manifest => {
  const value = parsed(bytes) as Partial<Manifest> | undefined
  if (value?.format !== 1 || typeof value.version !== 'number' || typeof value.writer?.id !== 'string')
    throw new ManifestDamaged(
      'the manifest is damaged, or of a later version of Streamvane: restore an earlier version of it, or publish ' +
        'below another prefix',
    )
  return value as Manifest
}

export const decodeList = (bytes: Uint8Array, sha256: string): DayList => {
  const value = sha256Of(bytes) === sha256 ? (parsed(bytes) as DayList) : undefined
  if (value?.format !== 1)
    throw new ManifestDamaged(`the list ${sha256} has other bytes than its name says: restore it, or publish anew`)
  return value
}

const parsed = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch {
    return undefined
  }
}

/** A list with these versions in it; one that is there already gets the higher promotion. */
export const withIntervals = (list: DayList, added: readonly ListedInterval[]): DayList => {
  const byVersion = new Map(list.intervals.map((each) => [versionName(each), each]))
  for (const each of added) {
    const known = byVersion.get(versionName(each))
    byVersion.set(versionName(each), { ...each, promotion: Math.max(each.promotion, known?.promotion ?? 0) })
  }
  const newest = new Map<string, ListedInterval>()
  for (const each of byVersion.values()) {
    const known = newest.get(each.intervalStart)
    if (known === undefined || isNewer(each, known)) newest.set(each.intervalStart, each)
  }
  const intervals = [...byVersion.values()]
    .map((each) => ({ ...each, current: newest.get(each.intervalStart) === each }))
    .sort(byPlace)
  return { ...list, intervals }
}

export const emptyList = (day: string): DayList => ({ format: 1, day, intervals: [] })

const versionName = ({ intervalStart, generation, number }: ListedInterval): string =>
  `${intervalStart} ${generation} ${number}`

/** The rule of markers: first the promotion, within a promotion the number. A withdrawal has the number 0. */
const isNewer = (a: ListedInterval, b: ListedInterval): boolean =>
  a.promotion > b.promotion || (a.promotion === b.promotion && a.number > b.number)

const byPlace = (a: ListedInterval, b: ListedInterval): number =>
  compare(a.intervalStart, b.intervalStart) || a.promotion - b.promotion || a.number - b.number

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
