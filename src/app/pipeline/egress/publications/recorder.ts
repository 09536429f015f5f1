import { setTimeout as sleep } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import { publicationsStream } from '../../../../domain/stream-name.js'
import { unreachable } from '../../../../domain/unreachable.js'
import type { EventLog } from '../../../../log/event-log.js'
import type { Logs } from '../../logs/logs.js'
import {
  decodePublication,
  merged,
  publicationEvent,
  type Publication,
  type PublicationEvent,
  type RecordingBegan,
} from './publication.js'

export type RecorderOptions = Readonly<{
  tenant: string
  logs: Pick<Logs, 'publications'>
  /** Name of the sink. */
  sink: string
  logger: Logger
  /** Finds out what lies between what is recorded and what was published, if a process died before it recorded it. */
  recover?: (gap: Gap) => Promise<Publication | undefined>
  /** Whether the destination may get the same rows from two instances (at least once). Default: not. */
  mayRepeat?: () => boolean
  /** How often publications are recorded, at most. Default one second. */
  everyMs?: number
}>

/** Events of a KPI stream that were published, and are not recorded. */
export type Gap = Readonly<{ generation: string; promotion: number | undefined; from: number; through: number }>

/**
 * How far a destination has come, as it told when the egress connected. `before`: how far it had come with generations
 * before, as long as it cuts over from them.
 */
export type Reached = Omit<RecordingBegan, 'type'> &
  Readonly<{ before?: readonly Readonly<{ generation: string; revision: number }>[] }>

type Waiting = PublicationEvent | (Reached & Readonly<{ type: 'Reached' }>)

const EVERY_MS = 1_000
/** Publications that wait while the log is away, at most; those that follow each other are one. */
const WAITING_MAX = 1_000
const CLOSE_WITHIN_MS = 5_000

/**
 * Records what a sink has published, beside the publishing: nothing waits for it, and it never fails. Publications that
 * follow each other without a gap are recorded as one, about one a second. While the log cannot be written they wait,
 * joined to few; that is told once.
 *
 * The stream says through which event it is complete. Where the next publication begins later, a process died before it
 * had recorded its last second: the gap is found out (`recover`) and recorded first.
 */
export class PublicationRecorder {
  private readonly options: RecorderOptions
  private readonly stream: string
  private waiting: Waiting[] = []
  /** It may be recorded already: the outcome of its append is unknown. So nothing is joined to it. */
  private tried: Waiting | undefined
  private log: EventLog | undefined
  private revision = -1
  /** The last thing that the stream records. */
  private last: Publication | RecordingBegan | undefined
  private isDue = false
  private working: Promise<void> = Promise.resolve()
  private isAway = false
  private left = 0

  constructor(options: RecorderOptions) {
    this.options = options
    this.stream = publicationsStream(options.tenant, options.sink)
  }

  /** The destination holds everything through here. */
  reached(at: Reached): void {
    this.add({ type: 'Reached', ...at })
  }

  /** The destination has acknowledged this. */
  published(event: Exclude<PublicationEvent, RecordingBegan>): void {
    const last = this.waiting.at(-1)
    const both = last === undefined || last.type === 'Reached' || last === this.tried ? undefined : merged(last, event)
    if (both === undefined) this.add(event)
    else this.waiting[this.waiting.length - 1] = both
  }

  /** Records what waits, as far as that is possible within seconds. */
  async close(): Promise<void> {
    await Promise.race([this.flush(), sleep(CLOSE_WITHIN_MS, undefined, { ref: false })])
    if (this.waiting.length > 0)
      this.options.logger.warn(
        { sink: this.options.sink, publications: this.waiting.length },
        'the last publications are not recorded; the next egress looks for them at the destination',
      )
  }

  /** Resolves when what waits now is recorded, or could not be. */
  flush(): Promise<void> {
    this.working = this.working.then(() => this.record())
    return this.working
  }

  private add(event: Waiting): void {
    if (this.waiting.length >= WAITING_MAX) {
      this.waiting.shift()
      this.left++
    }
    this.waiting.push(event)
    this.soon()
  }

  private soon(): void {
    if (this.isDue) return
    this.isDue = true
    void sleep(this.options.everyMs ?? EVERY_MS, undefined, { ref: false }).then(() => {
      this.isDue = false
      return this.flush()
    })
  }

  private async record(): Promise<void> {
    const events = this.waiting
    this.waiting = []
    this.tried = undefined
    let done = 0
    try {
      this.log ??= await this.opened()
      for (const event of events) {
        await this.step(this.log, event)
        done++
      }
      this.back()
    } catch (cause) {
      this.away(cause)
      this.tried = events[done]
      this.waiting = [...events.slice(done), ...this.waiting]
      this.soon()
    }
  }

  private async opened(): Promise<EventLog> {
    const log = await this.options.logs.publications(this.options.sink, 'writer')
    this.revision = (await log.streamRevision(this.stream)) ?? -1
    for await (const batch of log.readStream(this.stream, { backwards: true, batchMax: 10 })) {
      for (const event of batch) {
        const said = decodePublication(event)
        if (said.type !== 'Replayed') this.last ??= said
      }
      if (this.last !== undefined) break
    }
    return log
  }

  private async step(log: EventLog, event: Waiting): Promise<void> {
    switch (event.type) {
      case 'Reached': {
        const { last } = this
        const left = event.before?.find(({ generation }) => generation === last?.generation)
        if (last !== undefined && left !== undefined) await this.closeGap(log, { ...last, through: left.revision })
        return this.closeGap(log, event)
      }
      case 'Published':
        if (this.isRecorded(event)) return
        if (event.rows !== 'withdrawals') await this.closeGap(log, { ...event, through: event.from - 1 })
        return this.append(log, event)
      case 'Replayed':
      case 'RecordingBegan':
        return this.append(log, event)
      default:
        return unreachable(event)
    }
  }

  /** Records what lies between the last record and `through`. */
  private async closeGap(
    log: EventLog,
    { generation, promotion, through, at }: Pick<Reached, 'generation' | 'promotion' | 'through' | 'at'>,
  ): Promise<void> {
    const { last } = this
    const from = last?.generation === generation && last.promotion === promotion ? last.through + 1 : 0
    if (last !== undefined && through < from) return
    const recovered =
      last === undefined ? undefined : await this.options.recover?.({ generation, promotion, from, through })
    const began: RecordingBegan = {
      type: 'RecordingBegan',
      ...{ generation, through, at },
      ...(promotion !== undefined && { promotion }),
    }
    await this.append(log, recovered ?? began)
  }

  private async append(log: EventLog, event: PublicationEvent): Promise<void> {
    const events = [publicationEvent(this.stream, event)]
    const [answer] = await log.append([{ stream: this.stream, expected: this.revision, events }])
    if (answer === undefined || E.isLeft(answer)) {
      // Another egress of this sink has recorded something, or it is unknown what was recorded: look again.
      this.log = undefined
      this.last = undefined
      throw new Error(`the stream ${this.stream} cannot be written`, { cause: answer?.left })
    }
    this.revision = answer.right.revision
    if (event.type !== 'Replayed' && !this.isBehind(event)) this.last = event
  }

  private isBehind({ generation, promotion, through }: Publication | RecordingBegan): boolean {
    const { last } = this
    return last?.generation === generation && last.promotion === promotion && through < last.through
  }

  /**
   * A successor has found what this one had published and not recorded. Without transactions both may have published the
   * same, so both are recorded.
   */
  private isRecorded(event: Publication): boolean {
    const { last } = this
    const isSame = last?.generation === event.generation && last.promotion === event.promotion
    return (
      isSame && event.from <= event.through && event.through <= last.through && !(this.options.mayRepeat?.() ?? false)
    )
  }

  private away(cause: unknown): void {
    if (this.isAway) return
    this.isAway = true
    this.options.logger.warn(
      { err: cause, sink: this.options.sink },
      'publications cannot be recorded now; publishing goes on, and they are recorded later',
    )
  }

  private back(): void {
    if (this.isAway) this.options.logger.info({ sink: this.options.sink }, 'publications are recorded again')
    this.isAway = false
    if (this.left > 0)
      this.options.logger.warn({ sink: this.options.sink, publications: this.left }, 'publications were not recorded')
    this.left = 0
  }
}
