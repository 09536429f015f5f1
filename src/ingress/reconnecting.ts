import { backoffMs, pause, type Backoff } from '../log/backoff.js'
import { NotIngested } from './not-ingested.js'
import {
  SourceRefused,
  type Deliver,
  type Source,
  type SourceEnd,
  type SourceHealth,
  type SourceLag,
} from './source.js'

/** What one connection of a source is given. */
export type Link = Readonly<{
  /** Aborts when the source is closed. */
  signal: AbortSignal
  /** Stores a batch. While it throws `NotIngested` the source is told as paused. */
  deliver: Deliver
  /** The connection is there. */
  connected: () => void
  /** What waits at the other system. */
  waiting: (lag: SourceLag | undefined) => void
}>

/** Takes lines for the log of the process, as pino does. */
export type SourceLogger = Readonly<
  Record<'debug' | 'info' | 'warn', (details: Readonly<Record<string, unknown>>, message: string) => void>
>

export type ReconnectingOptions = Readonly<{
  name: string
  /**
   * Connects, says `connected`, and takes input until the signal aborts; then it takes nothing new, finishes what it has
   * begun, acknowledges it and returns. It rejects when the connection breaks, or when a batch could not be delivered:
   * what was not acknowledged comes again with the next connection. `SourceRefused` ends the source.
   */
  connect: (link: Link) => Promise<void>
  logger: SourceLogger
  /** Default: from half a second to half a minute. */
  backoff?: Backoff
  random?: () => number
  now?: () => number
}>

const BACKOFF: Backoff = { firstMs: 500, maxMs: 30_000 }

/**
 * A source that reads from another system, and connects again by itself.
 *
 * connecting → connected (`connected` was called) ⇄ paused (a delivery was not taken) → connecting (`connect` rejected,
 * or returned by itself) → … → ended (`close`, or `SourceRefused`). The pauses between connections grow, half of each is
 * random, and they begin small again once a batch was stored or a connection has held for the longest pause. The log has
 * one line when the connection is lost and one when it is back.
 */
export const reconnectingSource = (options: ReconnectingOptions): Source => ({
  name: options.name,
  start: (deliver) => {
    const closing = new AbortController()
    const line = new Line(options)
    const ended = run(options, deliver, line, closing.signal)
    return Promise.resolve({
      ended,
      health: () => line.health(),
      close: async () => {
        closing.abort()
        await ended
      },
    })
  },
})

const run = async (
  { name, connect, logger, backoff = BACKOFF, random, now = Date.now }: ReconnectingOptions,
  deliver: Deliver,
  line: Line,
  signal: AbortSignal,
): Promise<SourceEnd> => {
  for (let attempt = 0; !signal.aborted; attempt++) {
    let hasStored = false
    const link: Link = {
      signal,
      deliver: async (batch) => {
        try {
          const receipt = await deliver(batch)
          hasStored = true
          line.stored()
          return receipt
        } catch (cause) {
          line.notStored(cause)
          throw cause
        }
      },
      connected: () => line.enter('connected'),
      waiting: (lag) => line.waiting(lag),
    }
    const begun = now()
    try {
      await connect(link)
      if (signal.aborted) break
      line.lost(new Error('the connection ended'))
    } catch (cause) {
      if (signal.aborted) {
        logger.debug({ err: cause, source: name }, 'ingress: a source broke off when it was closed')
        break
      }
      if (cause instanceof SourceRefused) return { kind: 'failed', cause }
      line.lost(cause)
    }
    if (hasStored || now() - begun >= backoff.maxMs) attempt = 0
    await pause(backoffMs(backoff, attempt, random), signal)
  }
  return { kind: 'closed' }
}

/** The state of a source, and what the log is told of it. */
class Line {
  private readonly name: string
  private readonly logger: SourceLogger
  private readonly now: () => number
  private state: SourceHealth['state'] = 'connecting'
  private since: number
  private lag: SourceLag | undefined
  private problem: string | undefined
  private lostSince: number | undefined

  constructor({ name, logger, now = Date.now }: ReconnectingOptions) {
    this.name = name
    this.logger = logger
    this.now = now
    this.since = now()
  }

  health(): SourceHealth {
    const { state, since, lag, problem } = this
    return { state, since, ...(lag !== undefined && { lag }), ...(problem !== undefined && { problem }) }
  }

  enter(state: SourceHealth['state']): void {
    if (state === 'connected' && this.lostSince !== undefined) {
      this.logger.info({ source: this.name, lostMs: this.now() - this.lostSince }, 'ingress: a source is back')
      this.lostSince = undefined
    }
    if (state === this.state) return
    this.state = state
    this.since = this.now()
  }

  waiting(lag: SourceLag | undefined): void {
    this.lag = lag
  }

  stored(): void {
    this.enter('connected')
  }

  notStored(cause: unknown): void {
    this.problem = cause instanceof NotIngested ? cause.reason : wordsOf(cause)
    if (this.state !== 'paused')
      this.logger.warn({ err: cause, source: this.name }, 'ingress: the log does not take what a source delivers')
    this.enter('paused')
  }

  lost(cause: unknown): void {
    // What waits there is not known any more.
    this.lag = undefined
    if (cause instanceof NotIngested) return this.notStored(cause)
    this.problem = wordsOf(cause)
    const details = { err: cause, source: this.name }
    if (this.lostSince === undefined)
      this.logger.warn(details, 'ingress: a source is away, connecting until it is back')
    else this.logger.debug(details, 'ingress: a source is still away')
    this.lostSince ??= this.now()
    this.enter('connecting')
  }
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
