import type { EpochMs } from '../../domain/interval.js'
import type { PointSource } from '../../domain/profile.js'
import type { DeliveryCounts } from '../delivery/delivery.js'
import type { Happening, Observer } from '../happening.js'
import type { Leg } from '../conversations/leg.js'
import type { Books } from './truth.js'
import { TruthCells, type Booked } from './cells.js'
import { TruthDetailEvents } from './detail-events.js'
import { TruthMetrics } from './metrics.js'
import { TruthStates } from './states.js'

type Entry = Readonly<{ at: EpochMs; leg: Leg; about: Booked; metric: string; value: number | undefined }>

/** Records the truth from happenings alone, for each source with what that source contains. */
export class TruthLedger {
  readonly #cells = new Map<PointSource, TruthCells>()
  readonly #observers: Observer[] = []
  readonly #states: TruthStates | undefined
  /**
   * A conversation record has all divisions that the conversation touched on every metric; they are known at its end.
   */
  readonly #undivided: Entry[] = []
  #conversations = 0
  lastAt: EpochMs = -Infinity

  /** Without sources nothing is kept, so memory does not grow with the length of the simulation. */
  constructor(sources: readonly PointSource[]) {
    this.#states = sources.length === 0 ? undefined : new TruthStates()
    for (const source of new Set(sources)) this.#keep(source, new TruthCells())
  }

  observe(happening: Happening): void {
    if (happening.kind === 'AgentStateEntered') {
      this.#states?.observe(happening)
      return
    }
    this.lastAt = Math.max(this.lastAt, happening.at)
    if (happening.kind === 'ConversationBegan') this.#conversations += 1
    for (const observe of this.#observers) observe(happening)
  }

  /** Ends the recording: open states last through `through`. Call once. */
  close(from: EpochMs, through: EpochMs, counts: DeliveryCounts): Books {
    const details = this.#cells.get('conversation-details')
    for (const { at, leg, about, metric, value } of this.#undivided)
      details?.book(at, leg, { ...about, divisionIds: leg.conversation.divisionIds }, metric, value)
    return {
      cells: this.#cells,
      states: this.#states?.close(through) ?? [],
      from,
      through,
      totals: { conversations: this.#conversations, ...counts },
    }
  }

  #keep(source: PointSource, cells: TruthCells): void {
    this.#cells.set(source, cells)
    if (source === 'detail-events') {
      const told = new TruthDetailEvents((...entry) => cells.book(...entry))
      this.#observers.push((happening) => told.observe(happening))
      return
    }
    const told =
      source === 'metric-records'
        ? new TruthMetrics((...entry) => cells.book(...entry))
        : new TruthMetrics((at, leg, about, metric, value) => this.#undivided.push({ at, leg, about, metric, value }))
    this.#observers.push((happening) => told.observe(happening))
  }
}
