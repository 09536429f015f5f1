import type { EpochMs } from '../../../domain/interval.js'
import type { LateStretch } from '../../../ingress/dead-letter.js'
import type { Position } from '../../../log/event-log.js'

/**
 * Counts the events of a generation that lie behind the late horizon, by the day (UTC) of what they tell and by topic.
 * The raw log keeps the events. Each stretch counts from the beginning of the generation, so what it says at a position
 * is a function of the raw log, wherever batches end and however often a stretch is told: the latest tells all.
 */
export class LateStretches {
  private readonly of: Pick<LateStretch, 'generation' | 'bucket'>
  private readonly stretches: Map<string, LateStretch>
  private readonly changed = new Set<string>()

  constructor(of: Pick<LateStretch, 'generation' | 'bucket'>, state: readonly LateStretch[] = []) {
    this.of = of
    this.stretches = new Map(state.map((stretch) => [keyOf(stretch), stretch]))
  }

  add(at: EpochMs, topic: string, position: Position): void {
    const place = { ...this.of, day: new Date(at).toISOString().slice(0, 10), topic }
    const key = keyOf(place)
    const known = this.stretches.get(key)
    const last = String(position)
    this.stretches.set(key, { ...place, count: (known?.count ?? 0) + 1, first: known?.first ?? last, last })
    this.changed.add(key)
  }

  /** The stretches that changed since the last call. */
  take(): readonly LateStretch[] {
    const taken = [...this.changed].map((key) => this.stretches.get(key) as LateStretch)
    this.changed.clear()
    return taken
  }

  save(): readonly LateStretch[] {
    return [...this.stretches.values()]
  }
}

const keyOf = ({ day, topic }: Pick<LateStretch, 'day' | 'topic'>): string => `${day} ${topic}`
