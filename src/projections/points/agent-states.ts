import type { AgentStateEntered, StateKind } from '../../domain/fact.js'
import { intervalStart, type EpochMs } from '../../domain/interval.js'
import type { Settings } from '../settings.js'
import { AgentTimeline, type StateDelta, type StateEntry } from './agent-timeline.js'

export type AgentStatesState = readonly (readonly [userId: string, kind: StateKind, entries: readonly StateEntry[]])[]

type OnDeltas = (userId: string, kind: StateKind, deltas: readonly StateDelta[]) => void

type Agent = Readonly<{ userId: string; kind: StateKind; timeline: AgentTimeline }>

/** The states of all agents, partitioned by agent and kind. */
export class AgentStates {
  private readonly agents = new Map<string, Agent>()
  private readonly settings: Settings
  private readonly onDeltas: OnDeltas

  constructor(settings: Settings, onDeltas: OnDeltas, state: AgentStatesState = []) {
    this.settings = settings
    this.onDeltas = onDeltas
    for (const [userId, kind, entries] of state) this.agentOf(userId, kind, entries)
  }

  entered(fact: AgentStateEntered, closedThrough: EpochMs | null): void {
    const { userId, kind, state, at } = fact
    this.enter(userId, kind, fact, closedThrough)
    if (kind === 'systemPresence' && this.settings.profileAt(at).agentState.endsRoutingStatus.includes(state))
      this.enter(userId, 'routingStatus', { at, state: 'OFF_QUEUE' }, closedThrough)
  }

  /** Intervals that were closed through `before` are now closed through `through`. */
  advance(before: EpochMs | null, through: EpochMs): void {
    for (const { userId, kind, timeline } of this.agents.values())
      this.onDeltas(userId, kind, timeline.advance(before, through))
  }

  /** Intervals that were closed through `before` are closed through the earlier `through` alone. */
  takeBack(before: EpochMs, through: EpochMs): void {
    for (const { userId, kind, timeline } of this.agents.values())
      this.onDeltas(userId, kind, timeline.takeBack(before, through))
  }

  /** Forgets entries that the late horizon has passed. */
  forget(closedThrough: EpochMs): void {
    const { lateHorizonMs, intervalMs } = this.settings.base
    for (const { timeline } of this.agents.values())
      timeline.forgetBefore(intervalStart(closedThrough - lateHorizonMs, intervalMs))
  }

  save(): AgentStatesState {
    return [...this.agents.values()].map(({ userId, kind, timeline }) => [userId, kind, timeline.save()] as const)
  }

  private enter(userId: string, kind: StateKind, { at, state }: StateEntry, closedThrough: EpochMs | null): void {
    this.onDeltas(userId, kind, this.agentOf(userId, kind).timeline.enter({ at, state }, closedThrough))
  }

  private agentOf(userId: string, kind: StateKind, entries?: readonly StateEntry[]): Agent {
    const key = `${kind}/${userId}`
    let agent = this.agents.get(key)
    if (agent === undefined) {
      const { agentState, intervalMs } = this.settings.base
      const timeline = new AgentTimeline({ stateMaxMs: agentState.stateMaxMs, intervalMs }, entries)
      this.agents.set(key, (agent = { userId, kind, timeline }))
    }
    return agent
  }
}
