import { simulate } from '../../src/simulator/simulate.js'
import type { StageProcess } from './stage-process.js'

const LINES_PER_REQUEST = 200
const APPEND_LIMIT_MS = 250
const FROM_MS = Date.parse('2026-01-05T06:00:00Z')

/** A centre whose intervals hold many rows, of which many are restated. */
const LARGE = { queues: 12, agents: 80 }

/** Makes the KPI log grow: posts a simulated contact centre to a running ingress, whose projector makes rows of it. */
export class Feed {
  private readonly stages: StageProcess
  private readonly lines: Iterator<Readonly<{ line: string }>>
  private goal = 0
  private growing: Promise<void> | undefined

  /** `stages`: a process with ingress and projector. `size`: the smaller, the more intervals for the same rows. */
  constructor(stages: StageProcess, seed: number, size: Readonly<{ queues: number; agents: number }> = LARGE) {
    this.stages = stages
    const centre = { seed, fromMs: FROM_MS, hours: 24 * 365, ...size }
    this.lines = simulate(centre)[Symbol.iterator]()
  }

  /** Rows that the KPI log holds. */
  get rows(): number {
    return this.stages.done
  }

  /** Grows the KPI log to so many rows, in the background; resolves when it has come there. */
  growTo(rows: number): Promise<void> {
    this.goal = Math.max(this.goal, rows)
    return (this.growing ??= this.grow().finally(() => (this.growing = undefined)))
  }

  /** Grows the KPI log by at least so many rows, in the background; does nothing while it is growing. */
  growBy(rows: number): void {
    if (this.growing === undefined) this.growTo(this.rows + rows).catch(() => undefined) // met by the next `growTo`
  }

  private async grow(): Promise<void> {
    while (this.rows < this.goal) {
      const before = this.rows
      await this.post()
      // Rows follow within milliseconds; to post on without a look at them would overshoot the goal by far.
      await this.stages.until(() => this.rows > before, APPEND_LIMIT_MS)
    }
  }

  private async post(): Promise<void> {
    const lines: string[] = []
    while (lines.length < LINES_PER_REQUEST) {
      const next = this.lines.next()
      if (next.done === true) throw new Error('the simulated year is over')
      lines.push(next.value.line)
    }
    const response = await fetch(new URL('/v1/events', this.stages.url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    })
    if (!response.ok) throw new Error(`the ingress answered ${response.status}: ${await response.text()}`)
  }
}
