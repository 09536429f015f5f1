import type { AgentStateEntered, StateKind } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import { SpillingMap, type ColdStore, type SpilledEntries } from '../cells/cold-store.js'
import type { Settings } from '../settings.js'
import {
  deltasOfClosing,
  deltasOfEntry,
  isBefore,
  type StateDelta,
  type StateEntry,
  type TimelineRules,
} from './agent-timeline.js'

/** The last entry of each agent and kind. */
export type AgentStatesState = readonly (readonly [userId: string, kind: StateKind, last: StateEntry])[]

type OnDeltas = (userId: string, kind: StateKind, deltas: readonly StateDelta[]) => void

type Head = { readonly userId: string; readonly kind: StateKind; last: StateEntry }

/**
 * The states of all agents, partitioned by agent and kind. Entries may arrive in any order, at any age, and more than
 * once: the times depend on their set alone. A state lasts `stateMaxMs` at most, so entries are kept in periods of that
 * length: whatever an entry changes lies in its own period or in one of its neighbours. Memory holds the last entry of
 * each agent and the periods that changed since the last save; the others are in the cold store.
 */
export class AgentStates {
  private readonly heads = new Map<string, Head>()
  private readonly periods: SpillingMap<StateEntry[]>
  private readonly settings: Settings
  private readonly rules: TimelineRules
  private readonly onDeltas: OnDeltas

  constructor(
    settings: Settings,
    coldStore: ColdStore,
    spilled: SpilledEntries,
    onDeltas: OnDeltas,
    state: AgentStatesState = [],
  ) {
    const { agentState, intervalMs } = settings.base
    this.settings = settings
    this.rules = { stateMaxMs: agentState.stateMaxMs, intervalMs }
    this.onDeltas = onDeltas
    this.periods = new SpillingMap(
      'states/',
      coldStore,
      spilled,
      (data) => [...(data as readonly StateEntry[])],
      (entries) => [...entries],
    )
    for (const [userId, kind, last] of state) this.heads.set(headKey(userId, kind), { userId, kind, last })
  }

  entered({ userId, kind, state, at }: AgentStateEntered, closedThrough: EpochMs | null): void {
    this.enter(userId, kind, { at, state }, closedThrough)
    if (kind === 'systemPresence' && this.settings.profileAt(at).agentState.endsRoutingStatus.includes(state))
      this.enter(userId, 'routingStatus', { at, state: 'OFF_QUEUE' }, closedThrough)
  }

  /** Intervals that were closed through `before` are now closed through `through`. */
  advance(before: EpochMs | null, through: EpochMs): void {
    for (const { userId, kind, last } of this.heads.values())
      this.onDeltas(userId, kind, deltasOfClosing(this.rules, last, before, through))
  }

  /** Intervals that were closed through `before` are closed through the earlier `through` alone. */
  takeBack(before: EpochMs, through: EpochMs): void {
    for (const { userId, kind, last } of this.heads.values())
      this.onDeltas(userId, kind, negative(deltasOfClosing(this.rules, last, through, before)))
  }

  save(): AgentStatesState {
    return [...this.heads.values()].map(({ userId, kind, last }) => [userId, kind, last] as const)
  }

  /** Periods that changed since the last save. */
  spilled(): SpilledEntries {
    return this.periods.save()
  }

  release(): void {
    this.periods.release()
  }

  private enter(userId: string, kind: StateKind, entry: StateEntry, closedThrough: EpochMs | null): void {
    const period = Math.floor(entry.at / this.rules.stateMaxMs)
    const periodKey = (number: number): string => `${kind}/${number}/${userId}`
    const entries = this.periods.get(periodKey(period)) ?? []
    let index = entries.length
    while (index > 0 && isBefore(entry, entries[index - 1] as StateEntry)) index--
    const before = entries[index - 1]
    if (before !== undefined && before.at === entry.at && before.state === entry.state) return
    const head = this.heads.get(headKey(userId, kind))
    const isLast = head === undefined || isBefore(head.last, entry)
    // Where the neighbouring period is empty, the entry beyond it is out of reach. Only the head matters then: it stops
    // being open, or shows that the new entry is not.
    const previous = before ?? this.periods.get(periodKey(period - 1))?.at(-1) ?? (isLast ? head?.last : undefined)
    const next = isLast ? undefined : (entries[index] ?? this.periods.get(periodKey(period + 1))?.[0] ?? head.last)
    entries.splice(index, 0, entry)
    this.periods.set(periodKey(period), entries)
    if (head === undefined) this.heads.set(headKey(userId, kind), { userId, kind, last: entry })
    else if (isLast) head.last = entry
    this.onDeltas(userId, kind, deltasOfEntry(this.rules, entry, { previous, next }, closedThrough))
  }
}

const negative = (deltas: readonly StateDelta[]): readonly StateDelta[] =>
  deltas.map((delta) => ({ ...delta, deltaMs: -delta.deltaMs }))

const headKey = (userId: string, kind: StateKind): string => `${kind}/${userId}`
