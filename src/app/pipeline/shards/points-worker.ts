import type { Logger } from 'pino'
import { backoffMs, pause } from '../../../log/backoff.js'
import { Cohort, type CohortOptions } from './cohort.js'
import { openBuckets, type HeldBucket, type Opened } from './bucket-opening.js'

/** Which buckets are this process's: yields all of them now, and again whenever that changes. */
export type Assignments = AsyncIterable<readonly string[]>

export type PointsWorkerOptions = Omit<CohortOptions, 'onFenced' | 'onCaughtUp' | 'onStored' | 'signal'> &
  Readonly<{
    /** Ends when the worker is to stop. */
    assignments: Assignments
    logger: Logger
    onWorking?: () => void
    /** Called when everything that the log holds of the assigned buckets is found and stored. */
    onCaughtUp?: () => void
    onStored?: CohortOptions['onStored']
  }>

const FENCED = { firstMs: 100, maxMs: 5_000 }

/**
 * Works on the buckets that are assigned to this process, until the assignments end. A bucket that is taken away is
 * given up between two batches. One that another owner appended to is opened again for as long as it is assigned here:
 * the other is slow to notice, or was quicker to. Throws what makes reading or storing impossible.
 */
export const runPointsWorker = async (options: PointsWorkerOptions): Promise<void> => {
  const worker = new PointsWorker(options)
  const failed = worker.failed.then((cause: unknown): never => {
    throw cause
  })
  failed.catch(() => undefined)
  try {
    const iterator = options.assignments[Symbol.asyncIterator]()
    for (;;) {
      const next = await Promise.race([iterator.next(), failed])
      if (next.done === true) break
      await Promise.race([worker.assign(next.value), failed])
    }
    await Promise.race([worker.stop(), failed])
  } finally {
    await worker.close()
  }
}

type Running = Readonly<{ cohort: Cohort; stop: () => Promise<void> }>

class PointsWorker {
  /** Resolves with what broke a cohort. */
  readonly failed: Promise<unknown>
  private fail: (cause: unknown) => void = () => undefined
  private readonly options: PointsWorkerOptions
  private readonly closing = new AbortController()
  private assigned: ReadonlySet<string> = new Set()
  private cohorts: Running[] = []
  /** Fencings in a row: since everything was caught up. */
  private fencings = 0
  private isReopening = false
  /** One change of what is held at a time. */
  private changing: Promise<void> = Promise.resolve()

  constructor(options: PointsWorkerOptions) {
    this.options = options
    this.failed = new Promise((resolve) => (this.fail = resolve))
    options.activity.tell('buckets', () => this.held().length)
    if (options.meter !== undefined)
      options.meter.view = {
        eventsSinceSave: () => this.cohorts.reduce((sum, { cohort }) => sum + cohort.eventsSinceSave, 0),
      }
  }

  /** These buckets are assigned now, and no others. */
  assign(buckets: readonly string[]): Promise<void> {
    this.assigned = new Set(buckets)
    return this.change(async () => {
      const lost = this.held().filter((bucket) => !this.assigned.has(bucket))
      for (const { cohort } of this.cohorts) await cohort.release(lost)
      const gained = await this.acquire()
      if (this.held().length === 0) this.caughtUp() // nothing is anybody else's to wait for
      this.options.logger.info(
        { buckets: buckets.join(' '), held: buckets.length, gained: gained.length, lost: lost.length },
        'points: buckets were assigned',
      )
    })
  }

  /** Stores how far everything is, and saves it. */
  stop(): Promise<void> {
    return this.change(async () => {
      for (const { cohort, stop } of this.cohorts) {
        await stop()
        await cohort.report()
        await cohort.save()
      }
    })
  }

  async close(): Promise<void> {
    this.closing.abort()
    await this.changing.catch(() => undefined)
    for (const { cohort, stop } of this.cohorts) {
      await stop()
      await cohort.release([...cohort.held.keys()])
    }
  }

  private held(): readonly string[] {
    return this.cohorts.flatMap(({ cohort }) => [...cohort.held.keys()])
  }

  private change(work: () => Promise<void>): Promise<void> {
    const done = this.changing.then(work)
    this.changing = done.catch(() => undefined)
    return done
  }

  /** Opens what is assigned and not held. */
  private async acquire(): Promise<readonly string[]> {
    const held = new Set(this.held())
    const gained = [...this.assigned].filter((bucket) => !held.has(bucket))
    if (gained.length > 0 && !this.closing.signal.aborted) this.start(await openBuckets(this.options, gained))
    return gained
  }

  private start(opened: Opened): void {
    const stopping = new AbortController()
    const cohort = new Cohort(
      {
        ...this.options,
        signal: stopping.signal,
        onFenced: (bucket) => this.fenced(bucket),
        onCaughtUp: () => this.caughtUp(),
        onStored: (progress) => {
          this.options.onWorking?.()
          this.options.onStored?.(progress)
        },
      },
      opened,
    )
    const running = cohort.run().catch((cause: unknown) => this.fail(cause))
    const stop = async (): Promise<void> => {
      stopping.abort()
      await running
    }
    this.cohorts.push({ cohort, stop })
    this.options.activity.begun()
  }

  /** All buckets that were lost to others meanwhile are opened again together, after a pause. */
  private fenced(bucket: string): void {
    this.options.meter?.fenced()
    this.options.logger.warn({ bucket }, 'points: another process appended to a bucket of this one')
    if (this.isReopening) return
    this.isReopening = true
    const reopen = async (): Promise<void> => {
      await pause(backoffMs(FENCED, this.fencings++), this.closing.signal)
      this.isReopening = false
      await this.change(async () => void (await this.acquire()))
    }
    reopen().catch((cause: unknown) => this.fail(cause))
  }

  /** Cohorts that have all reached the head become one. */
  private caughtUp(): void {
    this.options.onWorking?.()
    if (!this.cohorts.every(({ cohort }) => cohort.isLive)) return
    this.options.activity.caughtUp()
    this.options.onCaughtUp?.()
    this.fencings = 0
    if (this.cohorts.length > 1) this.change(() => this.unite()).catch((cause: unknown) => this.fail(cause))
  }

  private async unite(): Promise<void> {
    if (this.cohorts.length < 2 || this.closing.signal.aborted) return
    const all = this.cohorts
    for (const { stop } of all) await stop()
    const buckets: HeldBucket[] = all.flatMap(({ cohort }) => cohort.opened.buckets)
    this.cohorts = []
    if (buckets.length > 0)
      this.start({ buckets, erased: new Set(all.flatMap(({ cohort }) => [...cohort.opened.erased])) })
  }
}
