import type { Logger } from 'pino'
import type { SubscriptionReport } from '../../../log/eventstoredb/read/subscription-health.js'
import type { LogHealth } from './logs.js'

/**
 * Whether the server delivers and takes appends. The log of the process has one line when it is lost and one when it is
 * back. The time of the outage is kept here, because a subscription that met it may give up, and a process that only
 * appends has none.
 */
export class Reachability {
  private readonly logger: Logger
  private readonly subscriptions = new Map<number, SubscriptionReport>()
  private lostSince: number | undefined

  constructor(logger: Logger) {
    this.logger = logger
  }

  subscription(report: SubscriptionReport): void {
    const { state, prefixes: reads } = report
    if (state.kind === 'ended') this.subscriptions.delete(report.id)
    else this.subscriptions.set(report.id, report)
    if (state.kind === 'live') this.back()
    if (state.kind === 'broken') this.lost(state.since, { reads, err: state.cause })
    if (state.kind === 'stalled')
      this.logger.error({ reads, since: iso(state.since) }, 'log: a subscription is stalled, nothing comes')
  }

  lost(since: number, details: object): void {
    if (this.lostSince === undefined)
      this.logger.warn(details, 'log: the server is out of reach, trying again until it is back')
    else this.logger.debug(details, 'log: the server is still out of reach')
    this.lostSince ??= since
  }

  back(): void {
    if (this.lostSince === undefined) return
    this.logger.info({ since: iso(this.lostSince), lostMs: Date.now() - this.lostSince }, 'log: the server is back')
    this.lostSince = undefined
  }

  /** The state of the subscription that fares worst, or of the server as a whole. */
  health(): LogHealth {
    const reports = [...this.subscriptions.values()]
    const stalled = reports.find(({ state }) => state.kind === 'stalled')
    if (stalled !== undefined)
      return { kind: 'stalled', since: iso(stalled.state.since), reads: stalled.prefixes ?? [] }
    const broken = reports.find(({ state }) => state.kind === 'broken')
    const since = this.lostSince ?? broken?.state.since
    return since === undefined ? { kind: 'well' } : { kind: 'broken', since: iso(since), reads: broken?.prefixes ?? [] }
  }
}

const iso = (at: number): string => new Date(at).toISOString()
