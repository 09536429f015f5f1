import { hash } from 'node:crypto'
import type { FamilyName } from '../../../domain/family.js'
import type { Granularity } from '../../../domain/granularity.js'
import type { EpochMs } from '../../../domain/interval.js'
import type { RowJson } from '../../../contract/row-json.js'
import type { RawPlace } from './recomputation.js'

/**
 * - `changed`: both have it, and the bytes differ
 * - `missing`: the raw log gives it, and the KPI log, or the topic, does not have it
 * - `added`: the KPI log, or the topic, has it, and the raw log does not give it
 * - `unreadable`: its bytes are no datum of the schema that they name
 */
export const differenceKinds = ['changed', 'missing', 'added', 'unreadable'] as const
export type DifferenceKind = (typeof differenceKinds)[number]

/** A record of a Kafka topic; where one is missing, the topic alone. */
export type TopicPlace = Readonly<{ topic: string; partition: number | null; offset: string | null }>

/** What a row, or another output of a generation, is in one place; rows as JSON. */
export type Value = RowJson | Readonly<Record<string, unknown>>

export type Difference = Readonly<{
  kind: DifferenceKind
  /** Between the raw log and the KPI log, or between the KPI log and a topic. */
  where: 'kpi-log' | 'topic'
  what: 'row' | 'marker' | 'left'
  /** Key of the row, or name of what else it is. */
  key: string
  family: FamilyName | null
  granularity: Granularity | null
  intervalStart: string | null
  /** Of the row, as stored; as computed, where it is missing. */
  rowRevision: number | null
  /** Where it is in the KPI stream; null: it is not there. */
  kpiRevision: number | null
  /** The raw events behind which, and through which, the batch was folded that it belongs to; null for a topic. */
  raw: RawPlace | null
  topic: TopicPlace | null
  /** Fields that differ, as paths. */
  fields: readonly string[]
  expected: Value | null
  found: Value | null
}>

/** Which intervals are compared: those that start in `[from, to)`. */
export type Compared = Readonly<{
  family?: FamilyName | undefined
  from?: EpochMs | undefined
  to?: EpochMs | undefined
}>

export type OfInterval = Readonly<{ family: FamilyName; granularity: Granularity; start: EpochMs }>

export const isCompared = ({ family, from, to }: Compared, of: OfInterval): boolean =>
  (family === undefined || of.family === family) &&
  (from === undefined || of.start >= from) &&
  (to === undefined || of.start < to)

/**
 * All published revisions of rows that start at an instant. A digest is the sum of the first 48 bits of the SHA-256 of
 * each row's bytes, modulo 2^48: it depends on what was published, not on the order, and is the same on every machine.
 */
export type IntervalVerdict = Readonly<{
  intervalStart: string
  granularity: Granularity
  /** Row revisions in the KPI log. */
  rows: number
  stored: string
  computed: string
  differences: number
}>

type Sums = {
  start: EpochMs
  granularity: Granularity
  rows: number
  stored: number
  computed: number
  differences: number
}

/** Differences that are told one by one; the others are counted. */
const LISTED_MAX = 100

/** What a verification has found so far. */
export class Findings {
  readonly listed: Difference[] = []
  readonly counts: Record<DifferenceKind, number> = { changed: 0, missing: 0, added: 0, unreadable: 0 }
  private readonly intervals = new Map<string, Sums>()

  get differences(): number {
    return differenceKinds.reduce((sum, kind) => sum + this.counts[kind], 0)
  }

  /** Counts a row revision: its bytes as stored and as computed, where there are any. */
  add(of: OfInterval, stored: Uint8Array | undefined, computed: Uint8Array | undefined): void {
    const ofStored = stored && numberOf(stored)
    this.addNumbers(of, ofStored, stored === computed ? ofStored : computed && numberOf(computed))
  }

  /** The same, from what a digest adds up. */
  addNumbers(of: OfInterval, stored: number | undefined, computed: number | undefined): void {
    const sums = this.sumsOf(of)
    if (stored !== undefined) sums.rows += 1
    sums.stored = (sums.stored + (stored ?? 0)) % MODULUS
    sums.computed = (sums.computed + (computed ?? 0)) % MODULUS
  }

  /** `difference` is made only if there is room for it. */
  differs(kind: DifferenceKind, of: OfInterval | undefined, difference: () => Difference): void {
    this.counts[kind] += 1
    if (of !== undefined) this.sumsOf(of).differences += 1
    if (this.listed.length < LISTED_MAX) this.listed.push(difference())
  }

  /** By instant and length. */
  verdicts(): readonly IntervalVerdict[] {
    return [...this.intervals.values()]
      .sort((a, b) => a.start - b.start || (a.granularity < b.granularity ? -1 : 1))
      .map(({ start, granularity, rows, stored, computed, differences }) => ({
        ...{ intervalStart: new Date(start).toISOString(), granularity, rows },
        ...{ stored: digestText(stored), computed: digestText(computed), differences },
      }))
  }

  private sumsOf({ granularity, start }: OfInterval): Sums {
    const name = `${start} ${granularity}`
    let sums = this.intervals.get(name)
    if (sums === undefined)
      this.intervals.set(name, (sums = { start, granularity, rows: 0, stored: 0, computed: 0, differences: 0 }))
    return sums
  }
}

const MODULUS = 2 ** 48

/** What a digest adds up. */
export const numberOf = (bytes: Uint8Array): number => hash('sha256', bytes, 'buffer').readUIntBE(0, 6)

const digestText = (digest: number): string => digest.toString(16).padStart(12, '0')

/** The paths at which two values differ; none if one of them is not there. */
export const differingFields = (a: Value | null, b: Value | null): readonly string[] =>
  a === null || b === null ? [] : pathsOf(a, b, '')

const pathsOf = (a: unknown, b: unknown, at: string): readonly string[] => {
  if (!isObject(a) || !isObject(b)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [at]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((name) =>
    pathsOf(a[name], b[name], at === '' ? name : `${at}.${name}`),
  )
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
