import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import { openEmbeddedLog } from '../../../log/embedded/log.js'
import { backoffMs, pause } from '../../../log/backoff.js'
import { LogLocked, type AppendFailure, type EventLog } from '../../../log/event-log.js'
import { openEventStoreDbLog } from '../../../log/eventstoredb/log.js'
import type { EventStoreDbAccess } from '../../../log/eventstoredb/options.js'
import { patientLog, type Patience } from '../../../log/patient-log.js'
import type { Config } from '../../config/schema.js'
import { logEncryptionIn } from '../../config/log-encryption.js'
import { logCipher } from './encryption.js'
import { singleLog, type Logs } from './logs.js'
import { Reachability } from './reachability.js'

/**
 * The log on the configured EventStoreDB: all parts in one. The process that writes the rows of a generation takes a
 * lock in the data folder, because its snapshots lie there. The server fences a second projector out only when that
 * appends; by then it may have overwritten the snapshots. With `patience`, appends and reads wait for a server that is
 * away; stages have a patience of their own. Throws where a certificate cannot be read.
 */
export const eventStoreDbLogs = (
  { log: logSettings, data, tenant }: Config,
  owner: string,
  logger: Logger,
  patience?: Readonly<{ waitMs: number; signal: AbortSignal }>,
): Logs => {
  const { eventstoredb } = logSettings
  const access = accessOf(eventstoredb)
  const locks = new Map<string, Promise<EventLog>>()
  const lock = async (name: string): Promise<void> => {
    const opening =
      locks.get(name) ?? openEmbeddedLog({ dir: join(data, 'state', `${tenant}.${name}`), mode: 'writer', owner })
    locks.set(name, opening)
    await opening.catch((cause: unknown) => {
      locks.delete(name)
      throw cause
    })
  }
  const reachability = new Reachability(logger)
  const log = openEventStoreDbLog({
    ...access,
    readers: eventstoredb.readers,
    onSubscription: (report) => reachability.subscription(report),
  })
  const watched: EventLog = {
    ...log,
    append: async (appends) => {
      const answers = await log.append(appends)
      const lost = answers.find((answer) => E.isLeft(answer) && answer.left.tag === 'NotAvailable')
      if (lost !== undefined && E.isLeft(lost)) reachability.lost(Date.now(), { err: causeOf(lost.left) })
      else if (answers.length > 0) reachability.back()
      return answers
    },
  }
  const cipher = logCipher(logEncryptionIn(logSettings, data))
  const used = cipher.of(
    patience === undefined ? watched : patientLog(log, patienceWith(patience, reachability)),
    'writer',
  )
  return {
    ...singleLog(used),
    kpi: async (generation, mode) => {
      if (mode === 'writer') await lock(`${generation}.writer`)
      return used
    },
    releaseKpi: async (generation) => {
      const name = `${generation}.writer`
      const held = locks.get(name)
      locks.delete(name)
      await (await held?.catch(() => undefined))?.close()
    },
    points: async (generation) => {
      try {
        await lock(`${generation}.points-writer`)
      } catch (cause) {
        if (!(cause instanceof LogLocked)) throw cause
        throw new LogLocked(`${cause.message}; each process of the stage points needs a data folder of its own`)
      }
      return used
    },
    identity: `eventstoredb ${access.connectionString.replace(/\/\/[^/@]*@/, '//')}`,
    health: () => reachability.health(),
    close: async () => {
      await log.close()
      for (const held of locks.values()) await (await held).close()
      await cipher.close()
    },
  }
}

const RETRY = { firstMs: 200, maxMs: 5_000 }

const patienceWith = (
  { waitMs, signal }: Readonly<{ waitMs: number; signal: AbortSignal }>,
  reachability: Reachability,
): Patience => ({
  waitMs,
  now: Date.now,
  pause: (attempt) => pause(backoffMs(RETRY, attempt), signal),
  isStopped: () => signal.aborted,
  away: (since, cause) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    reachability.lost(since, { since: new Date(since).toISOString(), reason, waitSeconds: waitMs / 1_000 })
  },
  back: () => reachability.back(),
})

/** The address of the configured server and the credentials for it. Throws where a certificate cannot be read. */
export const accessOf = (configured: Config['log']['eventstoredb']): EventStoreDbAccess => {
  const { connectionString, username, password, clientCertificateFile, clientKey, tlsCaFile, deadlineMs, keepAliveMs } =
    configured
  return {
    connectionString,
    ...(username === undefined || password === undefined
      ? {}
      : { credentials: { username, password: password.read() } }),
    ...(clientCertificateFile === undefined || clientKey === undefined
      ? {}
      : { clientCertificate: { certificate: readFileSync(clientCertificateFile), key: clientKey.read() } }),
    tlsCaFile,
    deadlineMs,
    keepAliveMs,
  }
}

const causeOf = (failure: AppendFailure): unknown => (failure.tag === 'NotAvailable' ? failure.cause : undefined)
