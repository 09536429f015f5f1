import type { StateKind } from '../../domain/fact.js'
import { intervalStart, type EpochMs } from '../../domain/interval.js'
import type { StateSpan } from '../points/agent-timeline.js'

/** What rows of one base interval gain (or lose) of time in a state, and by how many changes. */
export type StateChange = Readonly<{ start: EpochMs; deltaMs: number; changes: number }>

export type OnStateChange = (userId: string, kind: StateKind, state: string, change: StateChange) => void

/** Spans that wait at most, all agents together. */
const SPANS_MAX = 20_000

type Waiting = Readonly<{ userId: string; kind: StateKind; state: string; spans: StateSpan[] }>

/**
 * Long spans of agents in states that are not counted in cells yet. A state that lasts long is carried over hundreds of
 * intervals by each entry of a history that arrives late, and taken back by the next: adding up first and touching each
 * cell once costs a fraction. Nobody sees the difference, because every span still counts one change of each row.
 */
export class StateTimes {
  private readonly intervalMs: number
  private readonly onChange: OnStateChange
  private readonly waiting = new Map<string, Waiting>()
  private spans = 0

  constructor(intervalMs: number, onChange: OnStateChange) {
    this.intervalMs = intervalMs
    this.onChange = onChange
  }

  add(userId: string, kind: StateKind, span: StateSpan): void {
    const key = `${kind}/${span.state}/${userId}`
    const known = this.waiting.get(key)
    if (known === undefined) this.waiting.set(key, { userId, kind, state: span.state, spans: [span] })
    else known.spans.push(span)
    this.spans += 1
    if (this.spans >= SPANS_MAX) this.count()
  }

  /** Counts what waits. Due before anybody looks at cells, closes them or changes the settings they are made by. */
  count(): void {
    if (this.spans === 0) return
    const waiting = [...this.waiting.values()]
    this.waiting.clear()
    this.spans = 0
    for (const { userId, kind, state, spans } of waiting)
      for (const change of changesOf(spans, this.intervalMs)) this.onChange(userId, kind, state, change)
  }
}

/** Cuts spans at interval boundaries and adds them up. */
const changesOf = (spans: readonly StateSpan[], intervalMs: number): readonly StateChange[] => {
  const changes = new Map<EpochMs, { start: EpochMs; deltaMs: number; changes: number }>()
  for (const { from, to, sign } of spans)
    for (let start = intervalStart(from, intervalMs); start < to; start += intervalMs) {
      const deltaMs = sign * (Math.min(to, start + intervalMs) - Math.max(from, start))
      const known = changes.get(start)
      if (known === undefined) changes.set(start, { start, deltaMs, changes: 1 })
      else {
        known.deltaMs += deltaMs
        known.changes += 1
      }
    }
  return [...changes.values()]
}
