import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { openEventStoreDbLog } from '../log/eventstoredb-log.js'
import type { SubscriptionReport } from '../log/eventstoredb-vigil.js'
import type { Config } from './config.js'
import { oneLog, type LogHealth, type Logs } from './logs.js'

/** The log on the EventStoreDB that is configured: all parts in one. Throws where a certificate cannot be read. */
export const eventStoreDbLogs = ({ connectionString, ...access }: Config['log']['eventstoredb'], logger: Logger): Logs => {
  const { username, password, clientCertificateFile, clientKey } = access
  const subscriptions = new Map<number, SubscriptionReport>()
  const log = openEventStoreDbLog({
    connectionString,
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
    ...(clientCertificateFile === undefined || clientKey === undefined
      ? {}
      : { clientCertificate: { certificate: readFileSync(clientCertificateFile), key: clientKey } }),
    tlsCaFile: access.tlsCaFile,
    deadlineMs: access.deadlineMs,
    keepAliveMs: access.keepAliveMs,
    onSubscription: (report) => {
      if (report.state.kind === 'ended') subscriptions.delete(report.id)
      else subscriptions.set(report.id, report)
      const { kind } = report.state
      if (kind === 'broken') logger.warn({ reads: report.prefixes, err: report.state.cause }, 'log: a subscription is broken, trying again')
      if (kind === 'stalled') logger.error({ reads: report.prefixes, since: iso(report.state.since) }, 'log: a subscription is stalled')
    },
  })
  return { ...oneLog(log), health: () => worst([...subscriptions.values()]) }
}

/** The state of the subscription that fares worst. */
const worst = (reports: readonly SubscriptionReport[]): LogHealth => {
  for (const kind of ['stalled', 'broken'] as const) {
    const found = reports.find(({ state }) => state.kind === kind)
    if (found !== undefined) return { kind, since: iso(found.state.since), reads: found.prefixes ?? [] }
  }
  return { kind: 'well' }
}

const iso = (at: number): string => new Date(at).toISOString()
