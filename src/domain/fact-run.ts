import type { PointDimensions } from './dimensions.js'
import type { Fact, MetricEmitted } from './fact.js'
import type { EpochMs } from './interval.js'
import { metricIndex, metricNames } from './metric.js'
import { TupleIndex } from './tuple-index.js'

/** In `FactRun.metric`: the fact is no `MetricEmitted`, or of a metric that the catalogue does not have. */
export const NOT_A_POINT = 0xffff

/**
 * The facts of a run of raw events in the order of the log, as columns with one entry a fact. Metric points are the
 * bulk of all facts and can be read from the columns alone; `fact` gives any entry as an object.
 *
 * `metric`, `value`, `at` and `tuple` are those of a point where `metric` is not {@link NOT_A_POINT}; elsewhere they
 * mean nothing.
 */
export type FactRun = Readonly<{
  /** Facts in the run. Columns may be longer. */
  length: number
  /** Index of the raw event within the run, ascending. Several facts may share one, and an event may have none. */
  event: Uint32Array
  /** Place in `metricNames`. */
  metric: Uint16Array
  value: Float64Array
  /** Epoch ms. */
  at: Float64Array
  /** Index into `tuples`. */
  tuple: Uint32Array
  /** Each distinct set of dimension values once. */
  tuples: readonly PointDimensions[]
  /** When the raw event was received, epoch ms; NaN: unknown. */
  receivedAt: Float64Array
  /** `session` of a point of one of the `joinedMetrics`. */
  session: (entry: number) => string | undefined
  /** Any entry as a fact, made anew by each call. */
  fact: (entry: number) => Fact
}>

/** A metric point; `metric` is its place in `metricNames`. */
type PointInRun = Readonly<{ metric: number; value: number; at: EpochMs; dimensions: PointDimensions }>

/** Gathers decoded facts into a run. */
export class FactRunBuilder {
  private length = 0
  private event = new Uint32Array(ENTRIES_AT_FIRST)
  private metric = new Uint16Array(ENTRIES_AT_FIRST)
  private value = new Float64Array(ENTRIES_AT_FIRST)
  private at = new Float64Array(ENTRIES_AT_FIRST)
  private tuple = new Uint32Array(ENTRIES_AT_FIRST)
  private receivedAt = new Float64Array(ENTRIES_AT_FIRST)
  private readonly tuples = new TupleIndex()
  /** Places of tuples by the objects that hold them. */
  private readonly shared = new Map<PointDimensions, number>()
  private readonly sessions = new Map<number, string>()
  private readonly others = new Map<number, Fact>()

  /** `event` is the index of the raw event in the run: the same as before, or a later one. */
  add(event: number, fact: Fact, receivedAt: EpochMs | undefined): void {
    const entry = this.length++
    if (entry === this.event.length) this.grow()
    this.event[entry] = event
    this.receivedAt[entry] = receivedAt ?? NaN
    const metric = fact.type === 'MetricEmitted' ? metricIndex.get(fact.metric) : undefined
    this.metric[entry] = metric ?? NOT_A_POINT
    if (metric === undefined || fact.type !== 'MetricEmitted') {
      this.others.set(entry, fact)
      return
    }
    this.value[entry] = fact.value
    this.at[entry] = fact.at
    this.tuple[entry] = this.tuples.placeOf(fact)
    if (fact.session !== undefined) this.sessions.set(entry, fact.session)
  }

  /** The same of a metric point that joins nothing. Points that share their `dimensions` are added more quickly. */
  addPoint(event: number, { metric, value, at, dimensions }: PointInRun, receivedAt: EpochMs | undefined): void {
    const entry = this.length++
    if (entry === this.event.length) this.grow()
    this.event[entry] = event
    this.receivedAt[entry] = receivedAt ?? NaN
    this.metric[entry] = metric
    this.value[entry] = value
    this.at[entry] = at
    let tuple = this.shared.get(dimensions)
    if (tuple === undefined) this.shared.set(dimensions, (tuple = this.tuples.placeOf(dimensions)))
    this.tuple[entry] = tuple
  }

  /** The run so far. Nothing may be added afterwards. */
  build(): FactRun {
    const { length, event, metric, value, at, tuple, receivedAt, sessions, others } = this
    const columns = { length, event, metric, value, at, tuple, tuples: this.tuples.tuples, receivedAt }
    return factRun(
      columns,
      (entry) => sessions.get(entry),
      (entry) => others.get(entry),
    )
  }

  private grow(): void {
    this.event = longer(this.event, new Uint32Array(this.event.length * 2))
    this.metric = longer(this.metric, new Uint16Array(this.metric.length * 2))
    this.value = longer(this.value, new Float64Array(this.value.length * 2))
    this.at = longer(this.at, new Float64Array(this.at.length * 2))
    this.tuple = longer(this.tuple, new Uint32Array(this.tuple.length * 2))
    this.receivedAt = longer(this.receivedAt, new Float64Array(this.receivedAt.length * 2))
  }
}

const ENTRIES_AT_FIRST = 256

const longer = <A extends Readonly<{ set: (from: A) => void }>>(from: A, to: A): A => {
  to.set(from)
  return to
}

/** A run from its columns; `session` and `other` answer for the entries that columns do not hold whole. */
export const factRun = (
  columns: Omit<FactRun, 'session' | 'fact'>,
  session: (entry: number) => string | undefined,
  other: (entry: number) => Fact | undefined,
): FactRun => ({
  ...columns,
  session,
  fact: (entry) => {
    const place = columns.metric[entry] as number
    if (place === NOT_A_POINT) return other(entry) as Fact
    const point: MetricEmitted = {
      type: 'MetricEmitted',
      metric: metricNames[place] as string,
      value: columns.value[entry] as number,
      at: columns.at[entry] as number,
      ...(columns.tuples[columns.tuple[entry] as number] as PointDimensions),
    }
    const joined = session(entry)
    return joined === undefined ? point : { session: joined, ...point }
  },
})

/** A run of facts, each of an event of its own. */
export const factRunOf = (facts: readonly Fact[], receivedAt?: EpochMs): FactRun => {
  const builder = new FactRunBuilder()
  facts.forEach((fact, event) => builder.add(event, fact, receivedAt))
  return builder.build()
}
