import * as E from 'fp-ts/lib/Either.js'
import type { Fact } from '../../../domain/fact.js'
import type { PointOperation } from '../../../domain/point-operation.js'
import { decodeRaw } from '../../../ingress/decode/decoders.js'
import { deadLetter } from '../../../ingress/dead-letter.js'
import type { Position, RecordedEvent } from '../../../log/event-log.js'
import type { KpiProjection } from '../../../projections/kpi-projection.js'
import { PointReplay } from '../../../projections/points/point-recorder.js'
import { ProjectionFold, type FoldOptions } from '../projector/projection-fold.js'
import type { DeadLetter, Folded } from '../projector/raw-fold.js'
import type { MergedItem } from './merge-input.js'

/**
 * The half of the projection that counts points, which are what the buckets found; clock and configuration it reads
 * itself. The last event of its marks is of these two.
 */
export class MergeFold extends ProjectionFold<KpiProjection> {
  private readonly replay: PointReplay

  constructor(projection: KpiProjection, options: FoldOptions) {
    super(projection, options)
    this.replay = new PointReplay(projection.target)
  }

  /** Folds what happened through a position. */
  fold(items: readonly MergedItem[], through: Position): Folded {
    const deadLetters = items.flatMap((item) => this.apply(item))
    this.moved(through, items.length)
    return { deadLetters, fed: items.length, tooLate: 0 }
  }

  private apply({ position, event, operations }: MergedItem): readonly DeadLetter[] {
    if (this.historyThrough !== undefined && position > this.historyThrough) this.projection.endHistory()
    if (event === undefined) {
      this.count(operations)
      return []
    }
    this.lastEvent = { stream: event.stream, revision: event.revision, id: event.id }
    const facts = decodeRaw(event.type, event.data)
    if (E.isLeft(facts)) return [this.letterOf(event, facts.left)]
    for (const fact of facts.right) this.applyShared(fact, operations)
    return []
  }

  /** What buckets found at a place of clock or configuration, they found because the clock moved. */
  private applyShared(fact: Fact, operations: readonly PointOperation[]): void {
    if (fact.type === 'ClockTicked' || fact.type === 'ClockTakenBack')
      this.projection.applyClock(fact, () => this.count(operations))
    else this.projection.apply(fact)
  }

  private count(operations: readonly PointOperation[]): void {
    for (const operation of operations) this.replay.apply(operation)
  }

  private letterOf(
    { type, stream, revision, data }: RecordedEvent,
    unusable: Parameters<typeof deadLetter>[1],
  ): DeadLetter {
    const { tenant, now } = this.options
    const origin = { tenant, source: `${stream}@${revision}`, receivedAt: now() }
    return deadLetter(data, { topic: type, ...unusable }, origin, 'projector')
  }
}
