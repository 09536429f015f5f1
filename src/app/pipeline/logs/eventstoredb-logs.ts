import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import { openEmbeddedLog } from '../../../log/embedded/log.js'
import type { EventLog } from '../../../log/event-log.js'
import { openEventStoreDbLog } from '../../../log/eventstoredb/log.js'
import type { EventStoreDbAccess } from '../../../log/eventstoredb/options.js'
import type { SubscriptionReport } from '../../../log/eventstoredb/subscription-health.js'
import type { Config } from '../../config/schema.js'
import { singleLog, type LogHealth, type Logs } from './logs.js'

/**
 * The log on the EventStoreDB that is configured: all parts in one. Whoever writes the rows of a generation takes a
 * lock in the data folder, because its snapshots lie there: the server fences a second projector out only when it
 * appends, and by then it may have written over them. Throws where a certificate cannot be read.
 */
export const eventStoreDbLogs = (
  { log: { eventstoredb }, data, tenant }: Config,
  owner: string,
  logger: Logger,
): Logs => {
  const access = accessOf(eventstoredb)
  const locks = new Map<string, Promise<EventLog>>()
  const lock = async (generation: string): Promise<void> => {
    const opening =
      locks.get(generation) ??
      openEmbeddedLog({ dir: join(data, 'state', `${tenant}.${generation}.writer`), mode: 'writer', owner })
    locks.set(generation, opening)
    await opening.catch((cause: unknown) => {
      locks.delete(generation)
      throw cause
    })
  }
  const subscriptions = new Map<number, SubscriptionReport>()
  // Subscriptions that give up and begin anew, and processes that only append, would not tell how long it has lasted.
  let outOfReachSince: number | undefined
  const log = openEventStoreDbLog({
    ...access,
    readers: eventstoredb.readers,
    onSubscription: (report) => {
      if (report.state.kind === 'ended') subscriptions.delete(report.id)
      else subscriptions.set(report.id, report)
      const { kind } = report.state
      if (kind === 'live') outOfReachSince = undefined
      if (kind === 'broken') outOfReachSince ??= report.state.since
      if (kind === 'broken')
        logger.warn({ reads: report.prefixes, err: report.state.cause }, 'log: a subscription is broken, trying again')
      if (kind === 'stalled')
        logger.error({ reads: report.prefixes, since: iso(report.state.since) }, 'log: a subscription is stalled')
    },
  })
  const watched: EventLog = {
    ...log,
    append: async (appends) => {
      const answers = await log.append(appends)
      if (answers.some((answer) => E.isLeft(answer) && answer.left.tag === 'NotAvailable'))
        outOfReachSince ??= Date.now()
      else if (answers.length > 0) outOfReachSince = undefined
      return answers
    },
  }
  return {
    ...singleLog(watched),
    kpi: async (generation, mode) => {
      if (mode === 'writer') await lock(generation)
      return watched
    },
    identity: `eventstoredb ${access.connectionString.replace(/\/\/[^/@]*@/, '//')}`,
    health: () => worst([...subscriptions.values()], outOfReachSince),
    close: async () => {
      await log.close()
      for (const held of locks.values()) await (await held).close()
    },
  }
}

/** Where the configured server is, and who we are there. Throws where a certificate cannot be read. */
export const accessOf = (configured: Config['log']['eventstoredb']): EventStoreDbAccess => {
  const { connectionString, username, password, clientCertificateFile, clientKey, tlsCaFile, deadlineMs, keepAliveMs } =
    configured
  return {
    connectionString,
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
    ...(clientCertificateFile === undefined || clientKey === undefined
      ? {}
      : { clientCertificate: { certificate: readFileSync(clientCertificateFile), key: clientKey } }),
    tlsCaFile,
    deadlineMs,
    keepAliveMs,
  }
}

/** The state of the subscription that fares worst, or of the log as a whole. */
const worst = (reports: readonly SubscriptionReport[], outOfReachSince: number | undefined): LogHealth => {
  const stalled = reports.find(({ state }) => state.kind === 'stalled')
  if (stalled !== undefined) return { kind: 'stalled', since: iso(stalled.state.since), reads: stalled.prefixes ?? [] }
  const broken = reports.find(({ state }) => state.kind === 'broken')
  const since = outOfReachSince ?? broken?.state.since
  return since === undefined ? { kind: 'well' } : { kind: 'broken', since: iso(since), reads: broken?.prefixes ?? [] }
}

const iso = (at: number): string => new Date(at).toISOString()
