import type { StateKind } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import type { AgentStateEntered } from '../happening.js'
import { baseIntervalMs } from './cells.js'

/** Time of an agent in a state within a base interval, ms. */
export type StateTime = {
  readonly userId: string
  readonly stateKind: StateKind
  readonly state: string
  readonly start: EpochMs
  sum: number
}

type Span = Readonly<{ userId: string; stateKind: StateKind; state: string; since: EpochMs }>

/**
 * Records the time of agents in their states. A declared presence is two states: the system presence, and the
 * organisation presence by its id.
 */
export class TruthStates {
  readonly #spans = new Map<string, Span>()
  readonly #times = new Map<string, StateTime>()

  observe(entered: AgentStateEntered): void {
    this.#enter(entered.agent.id, entered.stateKind, entered.state, entered.at)
    if (entered.stateKind === 'systemPresence')
      this.#enter(entered.agent.id, 'organizationPresence', entered.definition.id, entered.at)
  }

  /** Closes all open states at this instant. Call once. */
  close(through: EpochMs): readonly StateTime[] {
    for (const span of this.#spans.values()) this.#spend(span, through)
    return [...this.#times.values()]
  }

  #enter(userId: string, stateKind: StateKind, state: string, at: EpochMs): void {
    const key = `${userId}|${stateKind}`
    const span = this.#spans.get(key)
    if (span !== undefined) this.#spend(span, at)
    this.#spans.set(key, { userId, stateKind, state, since: at })
  }

  /** Records a span up to `until`, clipped at interval boundaries. */
  #spend({ userId, stateKind, state, since }: Span, until: EpochMs): void {
    let from = since
    while (from < until) {
      const start = Math.floor(from / baseIntervalMs) * baseIntervalMs
      const to = Math.min(until, start + baseIntervalMs)
      const key = `${start}|${userId}|${stateKind}|${state}`
      const known = this.#times.get(key)
      if (known === undefined) this.#times.set(key, { userId, stateKind, state, start, sum: to - from })
      else known.sum += to - from
      from = to
    }
  }
}
