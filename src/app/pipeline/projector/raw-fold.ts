import * as E from 'fp-ts/lib/Either.js'
import { decodeRaw } from '../../../ingress/decode/decoders.js'
import { deadLetter, lateLetter, type LateStretch } from '../../../ingress/dead-letter.js'
import type { Unusable } from '../../../ingress/unusable.js'
import type { NewEvent, RecordedEvent } from '../../../log/event-log.js'
import type { Projection } from '../../../projections/layers/layered-projection.js'
import type { Refusal } from '../../../projections/lateness.js'
import type { FactBatch } from '../facts/fact-batch.js'
import { applyBatch } from './apply-batch.js'
import { LateStretches } from './late-stretches.js'
import { ProjectionFold, type FoldOptions } from './projection-fold.js'
import type { Snapshot } from './snapshots.js'

/** `note`: of one that stands for a single event. */
export type DeadLetter = Readonly<{ stream: string; event: NewEvent; note?: Readonly<{ reason: string }> }>

/** What a batch of facts gives. */
export type Folded = Readonly<{
  deadLetters: readonly DeadLetter[]
  /** Events that could change a figure, and how many of them were refused as too late. */
  fed: number
  tooLate: number
}>

/** `late`: what lay behind the late horizon up to `mark`. */
export type RawFoldOptions = FoldOptions & Readonly<{ late?: readonly LateStretch[] | undefined }>

/** The projection of a generation, fed with the facts of the raw log. */
export class RawFold extends ProjectionFold<Projection> {
  private readonly late: LateStretches

  constructor(projection: Projection, { late, ...options }: RawFoldOptions) {
    super(projection, options)
    this.late = new LateStretches({ generation: options.generation.name }, late)
  }

  /** Folds a batch, which begins where the last one ended. */
  async fold(batch: FactBatch): Promise<Folded> {
    const refusals = this.apply(batch)
    this.moved(batch.through, batch.rawEvents)
    this.lastEvent = batch.last ?? this.lastEvent
    let tooLate = 0
    for (const { reason } of refusals.values()) if (reason === 'too-late') tooLate++
    return { deadLetters: await this.deadLettersOf(batch, refusals), fed: batch.to - batch.from, tooLate }
  }

  protected override savedBeside(): Pick<Snapshot, 'late'> {
    return { late: this.late.save() }
  }

  /** Folds the facts of a batch. Returns the first refusal of each event that has one, by its index in the run. */
  private apply(batch: FactBatch): ReadonlyMap<number, Refusal> {
    const refusals = new Map<number, Refusal>()
    for (const { entry, refusal } of applyBatch(this.projection, batch, this.options.generation)) {
      const event = batch.run.facts.event[entry] as number
      if (!refusals.has(event)) refusals.set(event, refusal)
    }
    return refusals
  }

  /**
   * The dead letters of a batch: events that were refused, and those that cannot be decoded. Those behind the late
   * horizon are told by the stretch.
   */
  private async deadLettersOf(
    { run, from, to, raw }: FactBatch,
    refusals: ReadonlyMap<number, Refusal>,
  ): Promise<readonly DeadLetter[]> {
    const undecodable = run.undecodable.filter((event) => event >= from && event < to)
    if (refusals.size + undecodable.length === 0) return []
    const byPosition = new Map([...refusals].map(([event, refusal]) => [run.position(event), refusal]))
    const indices = [...refusals.keys(), ...undecodable].sort((a, b) => a - b)
    const single = (await raw(indices)).flatMap((event) => {
      const unusable = byPosition.get(event.position) ?? undecodableReason(event)
      if (unusable === undefined) return []
      if ('at' in unusable) this.late.add(unusable.at, event.type, event.position)
      return 'at' in unusable ? [] : [this.deadLetterOf(event, unusable)]
    })
    const { tenant, now } = this.options
    return [...single, ...this.late.take().map((stretch) => lateLetter(stretch, { tenant, receivedAt: now() }))]
  }

  private deadLetterOf(event: RecordedEvent, unusable: Unusable | Refusal): DeadLetter {
    const { tenant, now } = this.options
    const origin = { tenant, source: `${event.stream}@${event.revision}`, receivedAt: now() }
    return deadLetter(event.data, { topic: event.type, ...unusable }, origin, 'projector')
  }
}

const undecodableReason = (event: RecordedEvent): Unusable | undefined => {
  const decoded = decodeRaw(event.type, event.data)
  return E.isLeft(decoded) ? decoded.left : undefined
}
