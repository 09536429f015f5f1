import type { SourceHealth } from '../../ingress/source.js'

/**
 * What keeps a stage from doing its work. `log-unavailable`: the log cannot be reached, or does not take appends (a
 * full disk). `destination-unreachable`: the sink is not connected. `no-progress`: there is something to do, and
 * nothing was finished for a minute.
 */
export type Trouble = 'log-unavailable' | 'destination-unreachable' | 'no-progress'

/**
 * What somebody should look at although the stage works. `events-too-late`: more than a tenth of the last events were
 * refused as too late, so the clock of the log may be wrong (`streamvane clock show`). `clock-held`: the wall clock
 * does not tick. It is no trouble: the next event of the new time releases it, and none would come through a balancer
 * that takes a process out that is not ready. `rows-dead-lettered`: the destination refused rows for ever, and they
 * went to the dead-letter topic, or into the list of `streamvane egress refused`; the figure `deadLettered` counts
 * them. `sealing-stopped`: no head of the log is signed any more, because history is not what was signed (`streamvane
 * audit verify`) or another process signs. `source-away`: a source cannot reach the system that it reads from.
 * `source-ended`: a source ended, and the others go on. `feed-refused`: the receiver of a feed has refused its last
 * files. `feed-halted`: a feed delivers nothing more, until its configuration or the live generation is another.
 * `genesys-sync-failed`: the last sync of the configuration of the organisation failed, or left something out.
 * `genesys-gap`: events of a stretch of time may be missing, until a backfill has filled it.
 * `genesys-reconcile-failed`: the last reconciliation on schedule failed, or found differences.
 */
export type Alarm =
  | 'events-too-late'
  | 'clock-held'
  | 'rows-dead-lettered'
  | 'sealing-stopped'
  | 'source-away'
  | 'source-ended'
  | 'feed-refused'
  | 'feed-halted'
  | 'genesys-sync-failed'
  | 'genesys-gap'
  | 'genesys-reconcile-failed'
/** A source of the ingress: `use` is its kind; `ended`: it delivers nothing more until the process is started again. */
export type SourceState = Omit<SourceHealth, 'state'> &
  Readonly<{ name: string; state: SourceHealth['state'] | 'ended' }>

/** `behindSince`: since when there is something to do that is not done; `undefined` while everything is. */
export type ActivityReport = Readonly<{
  alarms: readonly Readonly<{ alarm: Alarm; since: number }>[]
  troubles: readonly Readonly<{ trouble: Trouble; since: number }>[]
  behindSince: number | undefined
  /** How often something was lost so far: log or destination, each attempt. */
  losses: number
  /** What else the stage tells of itself, by name; absent where it tells nothing. */
  figures?: Readonly<Record<string, number>>
  /** The same in words. */
  details?: Readonly<Record<string, string>>
  /** The sources of an ingress that read from other systems; absent where there are none. */
  sources?: readonly SourceState[]
}>

const NO_PROGRESS_MS = 60_000

/** Records whether the work of a stage moves. Times are those of `now`. */
export class Activity {
  private readonly now: () => number
  private readonly troubles = new Map<Trouble, number>()
  private readonly alarms = new Map<Alarm, () => boolean>()
  private readonly raised = new Map<Alarm, number>()
  private readonly figures = new Map<string, () => number>()
  private readonly details = new Map<string, () => string | undefined>()
  private sources: (() => readonly SourceState[]) | undefined
  private behindSince: number | undefined
  private movedAt = 0
  private losses = 0

  constructor(now: () => number) {
    this.now = now
  }

  /** There is something to do. */
  begun(): void {
    if (this.behindSince !== undefined) return
    this.behindSince = this.now()
    this.movedAt = this.now()
  }

  /** A part of it is done. */
  moved(): void {
    this.movedAt = this.now()
  }

  /** Everything is done. */
  caughtUp(): void {
    this.behindSince = undefined
  }

  lost(trouble: Trouble): void {
    this.losses += 1
    if (!this.troubles.has(trouble)) this.troubles.set(trouble, this.now())
  }

  back(trouble: Trouble): void {
    this.troubles.delete(trouble)
    this.moved()
  }

  /** Registers an alarm; it is looked at whenever somebody asks for a report. */
  watch(alarm: Alarm, isRaised: () => boolean): void {
    this.alarms.set(alarm, isRaised)
  }

  /** Registers a figure that reports tell. */
  tell(name: string, figure: () => number): void {
    this.figures.set(name, figure)
  }

  /** Registers a detail in words that reports tell once it is known. */
  say(name: string, detail: () => string | undefined): void {
    this.details.set(name, detail)
  }

  /** Registers the sources that reports tell of. */
  tellSources(sources: () => readonly SourceState[]): void {
    this.sources = sources
  }

  report(): ActivityReport {
    const troubles = [...this.troubles].map(([trouble, since]) => ({ trouble, since }))
    const isStuck =
      troubles.length === 0 && this.behindSince !== undefined && this.now() - this.movedAt > NO_PROGRESS_MS
    for (const [alarm, isRaised] of this.alarms)
      if (!isRaised()) this.raised.delete(alarm)
      else if (!this.raised.has(alarm)) this.raised.set(alarm, this.now())
    const details = [...this.details].flatMap(([name, detail]) => {
      const text = detail()
      return text === undefined ? [] : [[name, text] as const]
    })
    const sources = this.sources?.() ?? []
    return {
      alarms: [...this.raised].map(([alarm, since]) => ({ alarm, since })),
      troubles: isStuck ? [{ trouble: 'no-progress', since: this.movedAt }] : troubles,
      behindSince: this.behindSince,
      losses: this.losses,
      ...(this.figures.size === 0
        ? {}
        : { figures: Object.fromEntries([...this.figures].map(([name, figure]) => [name, figure()])) }),
      ...(details.length === 0 ? {} : { details: Object.fromEntries(details) }),
      ...(sources.length === 0 ? {} : { sources }),
    }
  }
}
