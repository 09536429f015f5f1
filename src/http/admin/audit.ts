import type { Logger } from 'pino'
import { journaled, recordOperation } from '../../app/operations/journal/journaled.js'
import type { Json } from '../../app/operations/journal/operation.js'
import type { Logs } from '../../app/pipeline/logs/logs.js'

/** Refused calls that are recorded in a minute; those beyond are counted, and the next record tells how many. */
const REFUSED_PER_MINUTE_MAX = 30

export type AuditedCall = Readonly<{
  operation: string
  by: string
  why: string | undefined
  via: 'api' | 'cli'
  details: Readonly<Record<string, Json | undefined>>
}>

/** Keeps the audit log of the admin API: the journal of the tenant. */
export class Audit {
  private readonly logs: Logs
  private readonly tenant: string
  private readonly logger: Logger
  private readonly now: () => number
  private refused = { since: 0, count: 0, untold: 0 }

  constructor(logs: Logs, tenant: string, logger: Logger, now: () => number) {
    this.logs = logs
    this.tenant = tenant
    this.logger = logger
    this.now = now
  }

  /** Runs what changes something: not begun unless its beginning is recorded. `id` names it, as it does a job. */
  change<T>(call: AuditedCall, id: string, summaryOf: (result: T) => Json, work: () => Promise<T>): Promise<T> {
    const onUnrecordedEnd = (cause: unknown): void =>
      this.logger.warn({ err: cause, operation: call.operation }, 'admin: the end of a call could not be recorded')
    return journaled(
      this.logs,
      { tenant: this.tenant, ...call },
      async (note) => {
        const result = await work()
        note({ summary: summaryOf(result) })
        return result
      },
      { newId: () => id, now: this.now, onUnrecordedEnd },
    )
  }

  /** Records the reading of something sensitive, before it is read. */
  read(call: AuditedCall): Promise<void> {
    return recordOperation(this.logs, { tenant: this.tenant, ...call }, { result: 'done' }, { now: this.now })
  }

  /** Records a call that was refused. That it cannot be recorded does not change the refusal. */
  async refuse(call: AuditedCall, reason: string): Promise<void> {
    if (this.now() - this.refused.since >= 60_000)
      this.refused = { since: this.now(), count: 0, untold: this.refused.untold }
    if (this.refused.count >= REFUSED_PER_MINUTE_MAX) {
      this.refused.untold += 1
      return
    }
    this.refused.count += 1
    const summary = { reason, ...(this.refused.untold > 0 ? { refusedBesides: this.refused.untold } : {}) }
    this.refused.untold = 0
    const noted = { result: 'refused', summary } as const
    await recordOperation(this.logs, { tenant: this.tenant, ...call }, noted, { now: this.now }).catch(
      (cause: unknown) => this.logger.warn({ err: cause }, 'admin: a refused call could not be recorded'),
    )
  }
}
