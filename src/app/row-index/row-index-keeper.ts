import type { Logger } from 'pino'
import { keepRowIndex } from './row-events.js'
import type { RowsOf } from './row-index.js'

/** Rows appended after which the index is brought up to date: one synced write for each stretch of it. */
const EVERY_ROWS = 20_000

/**
 * Keeps the row index of a generation near the end of its stream, beside the projector that appends to it: whoever asks
 * then has little left to read. An index that cannot be written is said once, and holds nothing up.
 */
export class RowIndexKeeper {
  private readonly of: RowsOf
  private readonly logger: Logger
  private readonly stopping = new AbortController()
  private rowsThen = 0
  private isRefused = false
  private keeping: Promise<void> | undefined

  constructor(of: RowsOf, logger: Logger) {
    this.of = of
    this.logger = logger
  }

  /** `rows`: appended so far by this run of the projector. */
  grown(rows: number): void {
    // A new attempt of the projector counts from the beginning.
    if (rows < this.rowsThen) this.rowsThen = 0
    if (rows - this.rowsThen < EVERY_ROWS || this.keeping !== undefined || this.isRefused) return
    this.rowsThen = rows
    this.keeping = this.keep().finally(() => (this.keeping = undefined))
  }

  /** Resolves when nothing is going on. */
  async settled(): Promise<void> {
    await this.keeping
  }

  /** Ends what is going on. */
  async close(): Promise<void> {
    this.stopping.abort()
    await this.settled()
  }

  private async keep(): Promise<void> {
    try {
      await keepRowIndex(this.of, this.stopping.signal)
    } catch (cause) {
      if (this.stopping.signal.aborted) return
      this.isRefused = true
      this.logger.warn({ err: cause }, 'projector: the index of rows cannot be written; questions about rows read more')
    }
  }
}
