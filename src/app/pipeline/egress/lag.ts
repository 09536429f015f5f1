import type { EventLog } from '../../../log/event-log.js'
import type { Activity } from '../activity.js'

const LOOK_MS = 5_000

/**
 * How far a destination is behind the KPI log, as figures of health: `lagRows`, the revisions of the stream that are
 * not dealt with, and `lagMs`, since when there are any. The end of the stream is looked at at intervals, also while the
 * destination is away. Nothing is told before the place of the destination in the stream is known.
 */
export class Lag {
  private readonly activity: Activity | undefined
  private readonly now: () => number
  private readonly timer: NodeJS.Timeout
  private endOf: (() => Promise<number | undefined>) | undefined
  private stream: string | undefined
  private through = -1
  private end = -1
  private levelAt: number

  constructor(activity: Activity | undefined, now: () => number, lookMs = LOOK_MS) {
    this.activity = activity
    this.now = now
    this.levelAt = now()
    this.timer = setInterval(() => void this.look(), lookMs)
    this.timer.unref()
  }

  /** The destination is at revision `from` of this stream. */
  follow(kpi: EventLog, stream: string, from: number): void {
    this.endOf = () => kpi.streamRevision(stream)
    this.through = from - 1
    // Connected again, it is still behind since when it was; another generation begins anew.
    this.end = this.stream === stream ? Math.max(this.end, this.through) : this.through
    this.stream = stream
    this.activity?.tell('lagRows', () => this.end - this.through)
    this.activity?.tell('lagMs', () => (this.end > this.through ? this.now() - this.levelAt : 0))
    void this.look()
  }

  /** Everything through this revision is dealt with. */
  passed(revision: number): void {
    this.through = revision
    this.seen(Math.max(revision, this.end))
  }

  close(): void {
    clearInterval(this.timer)
  }

  private async look(): Promise<void> {
    const endOf = this.endOf
    // A log that is away is told as such.
    const end = await endOf?.().catch(() => undefined)
    if (end !== undefined && endOf === this.endOf) this.seen(Math.max(end, this.through))
  }

  private seen(end: number): void {
    if (this.end <= this.through) this.levelAt = this.now()
    this.end = end
  }
}
