import { familyNames, type FamilyName } from '../../domain/family.js'
import { intervalAt, type Granularity } from '../../domain/granularity.js'
import { intervalName, type IntervalComplete } from '../../domain/interval-complete.js'
import type { EpochMs, Interval } from '../../domain/interval.js'
import type { KpiEvent } from '../../domain/kpi-event.js'
import type { Published, PublishedMarker } from '../../domain/published.js'
import { addToDigest, rowNumber, takeFromDigest } from '../../domain/row-digest.js'
import type { Zone } from '../../domain/zone.js'
import type { Cell } from './cell.js'
import { SpillingMap, type ColdStore, type SpilledEntries } from './cold-store.js'

/** The intervals of a profile, and the families that it asks for at an instant. */
export type IntervalsOf = Readonly<{
  granularities: readonly Granularity[]
  zone: Zone
  familiesAt: (at: EpochMs) => readonly FamilyName[]
}>

/** Consecutive intervals of a family, closed by one tick, that hold no row: they get one marker. */
type Gap = Readonly<{ family: FamilyName; granularity: Granularity; start: EpochMs; end: EpochMs; closedAt: EpochMs }>

export type CompleteIntervalsState = Readonly<{
  /** Through here the intervals of a granularity were closed once. */
  closedOnce: Readonly<Partial<Record<Granularity, EpochMs>>>
  /** What is to be published: gaps, and the keys of intervals. */
  gaps: readonly Gap[]
  due: readonly string[]
}>

/** What is known of a closed interval of a family. */
type Closed = {
  readonly family: FamilyName
  readonly granularity: Granularity
  readonly start: EpochMs
  readonly end: EpochMs
  /** Behind the key of a site it makes the key of a row. */
  readonly keyPart: string
  number: number
  rows: number
  digest: number
  closedAt: EpochMs | null
  /** The last marker; null: none says anything of this interval. */
  published: PublishedMarker | null
}

/** A closing interval that holds cells, and the families that hold something in it. */
export type Closing = Readonly<Interval & { holding: ReadonlySet<FamilyName> }>

/** What a store of cells tells of its intervals, and asks about them. */
export type IntervalCounting = Pick<
  CompleteIntervals,
  'close' | 'count' | 'drain' | 'wasPublished' | 'spilled' | 'release'
> &
  Readonly<{ save: () => CompleteIntervalsState | undefined }>

/**
 * Which intervals are complete, and what their rows add up to. A row is counted when it is given out, or needs no giving
 * out: then it is taken off and added again, so the other rows of the interval are not looked at. The number of an
 * interval counts its closings and the changes of its closed cells, published or not; so it is a function of the log, and
 * so is what a marker with this number says.
 *
 * An interval without rows has no state of its own. It counts as closed once, as the marker of its gap says.
 */
export class CompleteIntervals {
  private readonly of: IntervalsOf
  private readonly closed: SpillingMap<Closed>
  private readonly closedOnce: Partial<Record<Granularity, EpochMs>>
  private gaps: Gap[]
  /** Intervals of which something changed since their last marker. */
  private readonly due = new Map<string, Closed>()
  /** The interval that became due last, until the next drain: cells of one interval follow each other. */
  private last: Closed | undefined

  constructor(of: IntervalsOf, coldStore: ColdStore, spilled: SpilledEntries, state?: CompleteIntervalsState) {
    this.of = of
    this.closed = new SpillingMap(INTERVALS, coldStore, spilled, loaded, saved)
    this.closedOnce = { ...state?.closedOnce }
    this.gaps = [...(state?.gaps ?? [])]
    for (const key of state?.due ?? []) {
      const interval = this.closed.get(key)
      if (interval === undefined) throw new Error(`the state names the interval ${key}, which it does not hold`)
      this.due.set(key, interval)
    }
  }

  /** A tick at `at` closed all intervals that end at or before `end`; `closing` are those of a granularity with cells. */
  close(end: EpochMs, at: EpochMs, closing: (granularity: Granularity) => readonly Closing[]): void {
    for (const granularity of this.of.granularities) {
      const intervals = closing(granularity)
      const to = intervalAt(granularity, this.of.zone, end).start
      const from = this.closedOnce[granularity] ?? intervals[0]?.start
      if (from === undefined) continue // no interval of this length has held a cell yet
      const families = new Set(from < to ? this.of.familiesAt(to - 1) : [])
      for (const { holding } of intervals) for (const family of holding) families.add(family)
      for (const family of familyNames) {
        if (!families.has(family)) continue
        let gapStart = from
        for (const { start, end: itsEnd, holding } of intervals) {
          if (!holding.has(family)) continue
          const isFirst = start >= from
          if (isFirst && start > gapStart)
            this.gaps.push({ family, granularity, start: gapStart, end: start, closedAt: at })
          if (isFirst) gapStart = itsEnd
          const interval = this.intervalOf(family, granularity, { start, end: itsEnd })
          interval.closedAt = at
          if (isFirst) interval.published = null
          else interval.number += 1
          this.touch(interval)
        }
        if (to > gapStart) this.gaps.push({ family, granularity, start: gapStart, end: to, closedAt: at })
      }
      if (from < to) this.closedOnce[granularity] = to
    }
  }

  /** Counts a closed cell as it is now. */
  count(cell: Cell): void {
    const changes = cell.revision - cell.counted
    const holds = !cell.isEmpty
    if (changes === 0 && holds === cell.isCounted) return
    const { family, granularity, start, end } = cell
    const { last } = this
    const isLast = last?.start === start && last.granularity === granularity && last.family === family
    const interval = isLast ? last : this.intervalOf(family, granularity, { start, end })
    const key = `${cell.site.key}${interval.keyPart}`
    if (cell.isCounted) {
      interval.digest = takeFromDigest(interval.digest, rowNumber(key, cell.counted))
      interval.rows -= 1
    }
    if (holds) {
      interval.digest = addToDigest(interval.digest, rowNumber(key, cell.revision))
      interval.rows += 1
    }
    interval.number += changes
    cell.counted = cell.revision
    cell.isCounted = holds
    if (!isLast) this.touch(interval)
  }

  /**
   * The markers that are due. `waiting` are closed cells that are still to be given out: their intervals wait for them.
   * So do intervals that end after `closedThrough`, which a taken-back clock has opened again.
   */
  drain(tenant: string, closedThrough: EpochMs | null, waiting: readonly Cell[]): readonly KpiEvent[] {
    const markers: IntervalComplete[] = this.gaps.map((gap) => ({
      ...{ tenant, ...gap, zone: this.zoneOf(gap.granularity) },
      ...{ number: 1, rows: 0, digest: 0 },
    }))
    this.gaps = []
    this.last = undefined
    if (this.due.size > 0) {
      const held = new Set(waiting.map((cell) => keyOf(cell.family, cell.granularity, cell.start)))
      const due: IntervalComplete[] = []
      for (const [key, interval] of this.due) {
        if (held.has(key) || closedThrough === null || interval.end > closedThrough) continue
        this.due.delete(key)
        if (saysTheSame(interval, interval.published)) continue
        const { family, granularity, start, end, number, rows, digest, closedAt } = interval
        interval.published = { number, rows, digest }
        const zone = this.zoneOf(granularity)
        due.push({ tenant, family, granularity, start, end, zone, number, rows, digest, closedAt })
      }
      markers.push(...due.sort(byInterval))
    }
    return markers.map((marker) => ({ kind: 'interval-complete', marker }))
  }

  /** Notes which markers the KPI stream holds. Only those of intervals that are due matter. */
  wasPublished(markers: Published['markers']): void {
    if (markers.size === 0) return
    this.gaps = this.gaps.filter((gap) => !markers.has(intervalName(gap)))
    for (const interval of this.due.values()) {
      const marker = markers.get(intervalName(interval))
      if (marker !== undefined) interval.published = marker
    }
  }

  save(): CompleteIntervalsState {
    return { closedOnce: { ...this.closedOnce }, gaps: [...this.gaps], due: [...this.due.keys()] }
  }

  /** Intervals that changed since the last save. */
  spilled(): SpilledEntries {
    return this.closed.save()
  }

  /** The cold store holds what `spilled` returned: intervals leave memory, but for those that are due. */
  release(): void {
    this.last = undefined
    this.closed.release()
    for (const [key, interval] of this.due) this.closed.set(key, interval)
  }

  private touch(interval: Closed): void {
    this.last = interval
    this.due.set(keyOf(interval.family, interval.granularity, interval.start), interval)
  }

  private intervalOf(family: FamilyName, granularity: Granularity, { start, end }: Interval): Closed {
    const key = keyOf(family, granularity, start)
    let interval = this.closed.get(key)
    if (interval === undefined) {
      const nothing = { number: 1, rows: 0, digest: 0 }
      const keyPart = keyPartOf(granularity, start)
      interval = { family, granularity, start, end, keyPart, ...nothing, closedAt: null, published: nothing }
      this.closed.set(key, interval)
    }
    return interval
  }

  private zoneOf(granularity: Granularity): string | null {
    return granularity === 'P1D' ? this.of.zone.name : null
  }
}

const INTERVALS = 'interval/'

/** Ordered by interval, as the keys of cells are. */
const keyOf = (family: FamilyName, granularity: Granularity, start: EpochMs): string =>
  `${String(start).padStart(START_DIGITS, '0')}/${granularity}/${family}`

const START_DIGITS = 15

const keyPartOf = (granularity: Granularity, start: EpochMs): string =>
  `/${granularity}/${new Date(start).toISOString()}`

/** In an order that does not depend on which row came first. */
const byInterval = (a: IntervalComplete, b: IntervalComplete): number =>
  a.start - b.start || a.end - b.end || familyNames.indexOf(a.family) - familyNames.indexOf(b.family)

const saysTheSame = ({ rows, digest }: Closed, published: PublishedMarker | null): boolean =>
  published?.rows === rows && published.digest === digest

/** A closed interval beside its key. */
type SavedInterval = readonly [
  ...[end: EpochMs, number: number, rows: number, digest: number, closedAt: EpochMs | null],
  published: readonly [number: number, rows: number, digest: number] | null,
]

const saved = ({ end, number, rows, digest, closedAt, published }: Closed): SavedInterval => [
  ...([end, number, rows, digest, closedAt] as const),
  published === null ? null : [published.number, published.rows, published.digest],
]

const loaded = (data: unknown, key: string): Closed => {
  const [startText, granularity, family] = key.split('/') as [string, Granularity, FamilyName]
  const [end, number, rows, digest, closedAt, marker] = data as SavedInterval
  const start = Number(startText)
  const published = marker === null ? null : { number: marker[0], rows: marker[1], digest: marker[2] }
  return {
    family,
    granularity,
    start,
    end,
    keyPart: keyPartOf(granularity, start),
    number,
    rows,
    digest,
    closedAt,
    published,
  }
}
