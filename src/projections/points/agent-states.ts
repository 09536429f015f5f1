import type { AgentStateEntered, StateKind } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import { SpillingMap, type ColdStore, type SpilledEntries } from '../cells/cold-store.js'
import type { Settings } from '../settings.js'
import {
  isBefore,
  spansOfClosing,
  spansOfEntry,
  type StateEntry,
  type StateSpan,
  type TimelineRules,
} from './agent-timeline.js'

/** The last entry of each agent and kind. */
export type AgentStatesState = readonly (readonly [userId: string, kind: StateKind, last: StateEntry])[]

/** Short, so that a period has few entries; an entry that is late may have to look through those of three days. */
const PERIOD_MS = 6 * 60 * 60 * 1_000

type OnSpans = (userId: string, kind: StateKind, spans: readonly StateSpan[]) => void

type Head = {
  readonly userId: string
  readonly kind: StateKind
  last: StateEntry
  /** Entries of the period of `last`, of which it is the last one; absent where they may have left memory. */
  entries: StateEntry[] | undefined
}

/**
 * The states of all agents, partitioned by agent and kind. Entries may arrive in any order, at any age, and more than
 * once: the times depend on their set alone. Entries are kept in periods, so that few of them are in memory and are
 * saved again: the last entry of each agent, and the periods that changed since the last save. The others are in the
 * cold store.
 */
export class AgentStates {
  /** In the order in which they came. */
  private readonly heads: Head[] = []
  private readonly headsOf: Readonly<Record<StateKind, Map<string, Head>>> = {
    routingStatus: new Map(),
    systemPresence: new Map(),
    organizationPresence: new Map(),
  }
  private readonly periods: SpillingMap<StateEntry[]>
  private readonly settings: Settings
  private readonly rules: TimelineRules
  private readonly onSpans: OnSpans

  constructor(
    settings: Settings,
    coldStore: ColdStore,
    spilled: SpilledEntries,
    onSpans: OnSpans,
    state: AgentStatesState = [],
  ) {
    const { agentState } = settings.base
    this.settings = settings
    this.rules = { stateMaxMs: agentState.stateMaxMs }
    this.onSpans = onSpans
    this.periods = new SpillingMap(
      'states/',
      coldStore,
      spilled,
      (data) => [...(data as readonly StateEntry[])],
      (entries) => [...entries],
    )
    for (const [userId, kind, last] of state) this.addHead(userId, kind, last, undefined)
  }

  entered({ userId, kind, state, at }: AgentStateEntered, closedThrough: EpochMs | null): void {
    this.enter(userId, kind, { at, state }, closedThrough)
    if (kind === 'systemPresence' && this.settings.profileAt(at).agentState.endsRoutingStatus.includes(state))
      this.enter(userId, 'routingStatus', { at, state: 'OFF_QUEUE' }, closedThrough)
  }

  /** Intervals that were closed through `before` are now closed through `through`. */
  advance(before: EpochMs | null, through: EpochMs): void {
    for (const { userId, kind, last } of this.heads)
      this.onSpans(userId, kind, spansOfClosing(this.rules, last, before, through))
  }

  /** Intervals that were closed through `before` are closed through the earlier `through` alone. */
  takeBack(before: EpochMs, through: EpochMs): void {
    for (const { userId, kind, last } of this.heads)
      this.onSpans(userId, kind, spansOfClosing(this.rules, last, through, before, -1))
  }

  save(): AgentStatesState {
    return this.heads.map(({ userId, kind, last }) => [userId, kind, last] as const)
  }

  /** Periods that changed since the last save. */
  spilled(): SpilledEntries {
    return this.periods.save()
  }

  release(): void {
    this.periods.release()
    for (const head of this.heads) head.entries = undefined
  }

  private enter(userId: string, kind: StateKind, entry: StateEntry, closedThrough: EpochMs | null): void {
    const head = this.headsOf[kind].get(userId)
    if (head?.entries === undefined || periodOf(entry) !== periodOf(head.last) || isBefore(entry, head.last))
      return this.enterAnywhere(userId, kind, entry, head, closedThrough)
    // The usual case: the entry follows the last one in the same period.
    const previous = head.last
    if (previous.at === entry.at && previous.state === entry.state) return
    head.entries.push(entry)
    head.last = entry
    this.onSpans(userId, kind, spansOfEntry(this.rules, entry, { previous, next: undefined }, closedThrough))
  }

  private enterAnywhere(
    userId: string,
    kind: StateKind,
    entry: StateEntry,
    head: Head | undefined,
    closedThrough: EpochMs | null,
  ): void {
    const period = periodOf(entry)
    const entriesIn = (number: number): StateEntry[] | undefined => this.periods.get(periodKey(kind, number, userId))
    const entries = entriesIn(period) ?? []
    let index = entries.length
    while (index > 0 && isBefore(entry, entries[index - 1] as StateEntry)) index--
    const before = entries[index - 1]
    if (before !== undefined && before.at === entry.at && before.state === entry.state) return
    const isLast = head === undefined || isBefore(head.last, entry)
    // An entry beyond so many periods is out of reach, because a state lasts `stateMaxMs` at most. That there is a later
    // one matters all the same: the new entry is not the open one then.
    const reach = Math.ceil(this.rules.stateMaxMs / PERIOD_MS)
    const near = (step: 1 | -1): StateEntry[] | undefined => {
      for (let far = 1; far <= reach; far++) {
        const found = entriesIn(period + step * far)
        if (found !== undefined) return found
      }
      return undefined
    }
    const previous = isLast ? head?.last : (before ?? near(-1)?.at(-1))
    const next = isLast ? undefined : (entries[index] ?? near(1)?.[0] ?? head.last)
    entries.splice(index, 0, entry)
    this.periods.set(periodKey(kind, period, userId), entries)
    if (head === undefined) this.addHead(userId, kind, entry, entries)
    else if (isLast) {
      head.last = entry
      head.entries = entries
    }
    this.onSpans(userId, kind, spansOfEntry(this.rules, entry, { previous, next }, closedThrough))
  }

  private addHead(userId: string, kind: StateKind, last: StateEntry, entries: StateEntry[] | undefined): void {
    const head: Head = { userId, kind, last, entries }
    this.heads.push(head)
    this.headsOf[kind].set(userId, head)
  }
}

const periodOf = ({ at }: StateEntry): number => Math.floor(at / PERIOD_MS)

const periodKey = (kind: StateKind, period: number, userId: string): string => [kind, period, userId].join('/')
