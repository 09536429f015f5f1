import type { Fact } from '../../src/domain/fact.js'
import { isConfiguration } from '../../src/domain/fact.js'
import type { KpiEvent } from '../../src/domain/kpi-event.js'
import type { PointOperation } from '../../src/domain/point-operation.js'
import type { Profile } from '../../src/domain/profile.js'
import type { Row } from '../../src/domain/row.js'
import { KpiProjection } from '../../src/projections/kpi-projection.js'
import type { ProjectionOptions } from '../../src/projections/projection-options.js'
import { pointRecorder, PointReplay } from '../../src/projections/points/point-recorder.js'
import { rowsIn } from './kpi-events.js'

/** Finds the points of some entities, and writes down what is to be done with them. */
class Finder {
  private recorded: PointOperation[] = []
  private readonly profile: Profile
  private readonly options: ProjectionOptions
  private projection: KpiProjection

  constructor(profile: Profile, options: ProjectionOptions) {
    this.profile = profile
    this.options = {
      ...options,
      target: pointRecorder(profile.intervalMs, (operation) => this.recorded.push(operation)),
    }
    this.projection = new KpiProjection('acme', profile, this.options)
  }

  apply(fact: Fact): readonly PointOperation[] {
    this.recorded = []
    this.projection.apply(fact)
    return this.recorded
  }

  /** Goes on as another process would, from the saved state. */
  restart(): void {
    const state = JSON.parse(JSON.stringify(this.projection.save())) as ReturnType<KpiProjection['save']>
    this.projection = new KpiProjection('acme', this.profile, { ...this.options, state })
  }
}

export type Split = Readonly<{
  finders: number
  /** The finder that a fact of an entity goes to, before it is taken modulo `finders`. */
  of: (entity: string) => number
  /** Facts folded before finders and merger begin anew from their saved states, and rows are taken. */
  cuts: readonly number[]
}>

/** The output for a log whose points are found by several, and merged in the order of the log. */
export const splitEventsOf = (
  facts: readonly Fact[],
  profile: Profile,
  { finders: count, of, cuts }: Split,
  options: ProjectionOptions = {},
): readonly KpiEvent[] => {
  const finders = Array.from({ length: count }, () => new Finder(profile, options))
  let merger = new KpiProjection('acme', profile, options)
  let replay = new PointReplay(merger.target)
  const events: KpiEvent[] = []
  facts.forEach((fact, index) => {
    if (fact.type === 'ClockTicked' || fact.type === 'ClockTakenBack') {
      // The last finder first: the order of finders at one place of the log makes no difference.
      const found = finders.toReversed().flatMap((finder) => finder.apply(fact))
      merger.applyClock(fact, () => found.forEach((operation) => replay.apply(operation)))
    } else if (isConfiguration(fact)) {
      finders.forEach((finder) => finder.apply(fact))
      merger.apply(fact)
    } else (finders[of(entityOf(fact)) % count] as Finder).apply(fact).forEach((operation) => replay.apply(operation))
    if (!cuts.includes(index + 1)) return
    events.push(...merger.drainEvents())
    finders.forEach((finder) => finder.restart())
    merger = new KpiProjection('acme', profile, { ...options, state: merger.save() })
    replay = new PointReplay(merger.target)
  })
  return [...events, ...merger.drainEvents()]
}

/** Its rows. */
export const splitRowsOf = (...split: Parameters<typeof splitEventsOf>): readonly Row[] =>
  rowsIn(splitEventsOf(...split))

/** What the stream of a fact's raw event is of. Metric records that are not joined may be anywhere. */
const entityOf = (fact: Fact): string => {
  if (fact.type === 'MetricEmitted') return fact.session?.split('/')[0] ?? fact.metric
  if ('conversationId' in fact) return fact.conversationId
  return 'userId' in fact ? fact.userId : ''
}
