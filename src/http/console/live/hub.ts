import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { EventLog } from '../../../log/event-log.js'
import type { Flow, LiveReload } from '../shapes.js'
import { rowsBehind, wantedRows, type RowsFilter, type StreamRow } from './rows.js'

/** Events of a KPI stream that are told of one by one; who is further behind reads the rows anew. */
const ROWS_MAX = 2_000

export type Subscriber = Readonly<{
  rows?: RowsFilter | undefined
  /** Where the reader was when it lost its connection. */
  last?: Readonly<{ generation: string; revision: number }> | undefined
  /** Whether the reader has taken what it was sent: else this turn is left out, and nothing is kept for it. */
  isFree: () => boolean
  send: (frame: string) => void
}>

export type LiveHubOptions = Readonly<{
  tenant: string
  flow: () => Promise<Flow>
  /** The KPI part of a generation; `undefined` where it is not there. */
  kpi: (generation: string) => Promise<EventLog | undefined>
  logger: Logger
  /** Milliseconds between two turns. */
  everyMs?: number
}>

type Place = { generation: string | undefined; through: number; wasSlow: boolean }

/**
 * Tells all subscribers of a process what happens. It *turns* about once a second while somebody listens: the flow is
 * looked at once, the rows since the last turn are read and rendered once, and the same bytes go to everybody who asked
 * for the same. Nothing is computed while nobody listens.
 *
 * A turn that takes long is followed by a longer pause, so that looking takes at most a twentieth of the time.
 */
export class LiveHub {
  private readonly options: LiveHubOptions
  private readonly subscribers = new Map<Subscriber, Place>()
  private turning: AbortController | undefined

  constructor(options: LiveHubOptions) {
    this.options = options
  }

  get listening(): number {
    return this.subscribers.size
  }

  /** Returns what ends it. */
  subscribe(subscriber: Subscriber): () => void {
    const { last } = subscriber
    this.subscribers.set(subscriber, { generation: last?.generation, through: last?.revision ?? -1, wasSlow: false })
    // Who comes later does not wait for the next turn.
    this.turning?.abort()
    this.turning = new AbortController()
    void this.turn(this.turning.signal)
    return () => {
      this.subscribers.delete(subscriber)
      if (this.subscribers.size === 0) this.turning?.abort()
    }
  }

  private running: Promise<void> = Promise.resolve()
  private hasLooked = false

  private async turn(signal: AbortSignal): Promise<void> {
    const { everyMs = 1_000, logger } = this.options
    // One turn at a time, also where one that was given up has not finished yet.
    const before = this.running
    let finished = (): void => undefined
    this.running = new Promise((resolve) => (finished = resolve))
    await before
    try {
      while (!signal.aborted && this.subscribers.size > 0) {
        const began = performance.now()
        await this.tell().catch((cause: unknown) => logger.warn({ err: cause }, 'console: a look at the flow failed'))
        const tookMs = performance.now() - began
        // The first look opens files and compiles code: it says nothing of those that follow.
        const restMs = this.hasLooked ? tookMs * 19 : 0
        this.hasLooked = true
        await sleep(Math.max(everyMs - tookMs, restMs), undefined, { signal }).catch(() => undefined)
      }
    } finally {
      finished()
    }
  }

  private async tell(): Promise<void> {
    const flow = await this.options.flow()
    const frame = `event: flow\ndata: ${JSON.stringify(flow)}\n\n`
    for (const [subscriber, place] of this.subscribers) {
      if (subscriber.isFree()) subscriber.send(frame)
      else place.wasSlow = true
    }
    if (flow.kpi !== null) await this.tellRows(flow.kpi)
  }

  private async tellRows({ generation, revision: end }: NonNullable<Flow['kpi']>): Promise<void> {
    const behind: [Subscriber, RowsFilter, Place][] = []
    for (const [subscriber, place] of this.subscribers) {
      const { rows } = subscriber
      if (rows === undefined || !subscriber.isFree()) continue
      if (place.generation === generation && place.through <= end && end - place.through <= ROWS_MAX) {
        if (place.through < end) behind.push([subscriber, rows, place])
        continue
      }
      // New ones begin here; the others have missed too much.
      if (place.generation !== undefined) {
        const gap = place.wasSlow ? 'slow' : 'gap'
        const data: LiveReload = { because: place.generation === generation ? gap : 'generation', generation }
        subscriber.send(`id: ${generation}:${end}\nevent: reload\ndata: ${JSON.stringify(data)}\n\n`)
      }
      Object.assign(place, { generation, through: end, wasSlow: false })
    }
    if (behind.length === 0) return
    const after = Math.min(...behind.map(([, , { through }]) => through))
    const kpi = await this.options.kpi(generation)
    if (kpi === undefined) return
    const rows = await rowsBehind(kpi, { tenant: this.options.tenant, generation }, after, end - after)
    const frames = new Map<string, string>()
    for (const [subscriber, filter, place] of behind) {
      const key = JSON.stringify([filter, place.through])
      const frame = frames.get(key) ?? rowsFrame(rows, filter, place.through, generation, end)
      frames.set(key, frame)
      if (frame !== '') subscriber.send(frame)
      Object.assign(place, { through: end, wasSlow: false })
    }
  }
}

const rowsFrame = (
  rows: readonly StreamRow[],
  filter: RowsFilter,
  after: number,
  generation: string,
  end: number,
): string => {
  const wanted = wantedRows(rows, filter, after)
  if (wanted.length === 0) return ''
  return `id: ${generation}:${end}\nevent: rows\ndata: ${JSON.stringify({ generation, rows: wanted })}\n\n`
}
