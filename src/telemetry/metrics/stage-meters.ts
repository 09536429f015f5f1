import type { Position } from '../../log/event-log.js'
import { decodeFailures, type EventOutcome, type FoldingStage } from '../catalogue.js'
import type { Meters } from './meters.js'
import type { RowCounts } from './row-counts.js'
import { surfaceOf } from './surfaces.js'

/** What the stages of a process record. They call it once for a batch. */
export type StageMeters = Readonly<{ ingress: IngressMeter }> & Readonly<Record<FoldingStage, FoldMeter>>

export const stageMeters = (meters: Meters): StageMeters => ({
  ingress: new IngressMeter(meters),
  projector: new FoldMeter(meters, 'projector'),
  points: new FoldMeter(meters, 'points'),
  merge: new FoldMeter(meters, 'merge'),
})

const DECODE_FAILURES: ReadonlySet<string> = new Set(decodeFailures)

const countLetters = (meters: Meters, stage: 'ingress' | 'projector', byReason: ReadonlyMap<string, number>): void => {
  for (const [reason, letters] of byReason) {
    meters.add('deadLetters', [stage, reason], letters)
    if (DECODE_FAILURES.has(reason)) meters.add('decodeFailures', [stage, reason], letters)
  }
}

/** Counts what becomes of delivered events. */
export class IngressMeter {
  private readonly meters: Meters

  constructor(meters: Meters) {
    this.meters = meters
  }

  /** `topic`: type of the events in the log; `undefined`: they have none that is known. */
  events(topic: string | undefined, outcome: EventOutcome, events: number): void {
    this.meters.add('events', [surfaceOf(topic), outcome], events)
  }

  deadLetters(byReason: ReadonlyMap<string, number>): void {
    countLetters(this.meters, 'ingress', byReason)
  }
}

/** How a fold is, looked at when somebody reads the metrics. What a stage does not have it leaves out. */
export type FoldView = Readonly<{
  /** The name of its one snapshot, behind that of the tenant. */
  snapshot?: string
  /** Where it is in a log whose positions count events. */
  position?: () => Position | undefined
  openIntervals?: () => number
  eventsSinceSave: () => number
}>

/** Counts what a stage folds and appends. */
export class FoldMeter {
  readonly stage: FoldingStage
  /** The fold that is at work; `undefined` before the first. */
  view: FoldView | undefined
  private readonly meters: Meters

  constructor(meters: Meters, stage: FoldingStage) {
    this.meters = meters
    this.stage = stage
  }

  /** A batch is folded that began at `beganAt`, by `performance.now`. */
  folded(events: number, beganAt: number): void {
    this.meters.observe('foldDuration', [this.stage], (performance.now() - beganAt) / 1_000)
    this.meters.add('foldedEvents', [this.stage], events)
  }

  /** Another instance took over a part of the work. */
  fenced(): void {
    this.meters.add('fences', [this.stage])
  }

  deadLetters(byReason: ReadonlyMap<string, number>): void {
    countLetters(this.meters, 'projector', byReason)
  }

  /** These rows are durable. */
  appended({ byFamily, byCorrection }: RowCounts): void {
    for (const [family, counts] of byFamily)
      for (const status of ['provisional', 'final', 'corrected'] as const)
        this.meters.add('rows', [family, status], counts[status])
    for (const [reason, count] of byCorrection) this.meters.add('corrections', [reason], count)
  }
}
