import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as E from '../../../domain/either.js'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { openEmbeddedLog } from '../../../log/embedded/log.js'
import { allBuckets, kpiStream, pointsStream, publicationsPrefix } from '../../../domain/stream-name.js'
import { LogUnavailable, type AppendFailure, type EventLog } from '../../../log/event-log.js'
import { whenFree } from '../../../log/when-free.js'
import { logCipher, type LogEncryption } from './encryption.js'
import { claimFolder, refuseForeignFolder } from './folder-tenant.js'
import { LogRefused } from './log-refused.js'

/** How a part of the log is opened: one process writes it, any number read it. */
export type Mode = 'reader' | 'writer'

/**
 * The parts of the log. With the embedded adapter each part is a store of its own with its own writer, so that ingress
 * (raw), projector (one KPI part per generation) and operators' commands (control) can be separate processes; other
 * adapters hold all parts in one log. A part that was opened is shared within the process and closed by `close`.
 */
export type Logs = Readonly<{
  raw: (mode: Mode) => Promise<EventLog>
  kpi: (generation: string, mode: Mode) => Promise<EventLog>
  control: (mode: Mode) => Promise<EventLog>
  /** Gives back the right to write a KPI part, so that another process can take it. Readers go on. */
  releaseKpi: (generation: string) => Promise<void>
  /** Closes what this process reads of a KPI part that was deleted: an open file keeps its disk. */
  closeKpi: (generation: string) => Promise<void>
  /**
   * Deletes all rows of a generation, which was noted as retired: nobody opens it for writing any more. Can be repeated
   * after it was cut short. Throws `LogLocked` while another process writes them.
   */
  deleteKpi: (tenant: string, generation: string) => Promise<void>
  /** The folder of a KPI part; absent where the log is no folder of this machine. */
  kpiFolder?: (generation: string) => string
  /** What a sink has published. Each sink has a part of its own, because sinks may be in different processes. */
  publications: (sink: string, mode: Mode) => Promise<EventLog>
  /** The sinks that have recorded publications of a tenant. Where all parts are one log, all of it is looked through. */
  publishingSinks: (tenant: string) => Promise<readonly string[]>
  /**
   * The log to which the owners of buckets append the points streams of a generation, each in a process of its own with
   * a data folder of its own. Throws `LogRefused` where a log has one writer.
   */
  points: (generation: string) => Promise<EventLog>
  /**
   * Runs `work` with the control part open for writing and gives it back at once, so that several processes can take
   * turns.
   */
  changingControl: <T>(work: (control: EventLog) => Promise<T>) => Promise<T>
  /** Signed heads, opened for reading. Throws `NoLog` where none was ever signed. */
  audit: () => Promise<EventLog>
  /** The same for the part of signed heads: who wants to forge one must write another part than that of the events. */
  changingAudit: <T>(work: (audit: EventLog) => Promise<T>) => Promise<T>
  /** The kind and place of this log, stored with snapshots: those of another log are not used. */
  identity: string
  /** Whether the log delivers. A folder always does; a server can be out of reach, or silent although its log grows. */
  health: () => LogHealth
  close: () => Promise<void>
}>

/** `reads` are the prefixes of the streams that the subscription reads. */
export type LogHealth =
  Readonly<{ kind: 'well' }> | Readonly<{ kind: 'broken' | 'stalled'; since: string; reads: readonly string[] }>

/** The names of the parts of publications begin so. */
const PUBLICATIONS = 'publications-'

/** The control and audit parts are held for a moment only. */
const MOMENT_LOCK = { backoff: { firstMs: 50, maxMs: 50 }, waitMaxMs: 5_000 }

/**
 * The embedded log under `data`. `owner` says in the lock what this process is. With `tenant` a folder of another tenant
 * is refused, and one that is written becomes this tenant's. With `encryption` the raw events and dead letters in it are
 * encrypted.
 */
export const embeddedLogs = (data: string, owner: string, tenant?: string, encryption?: LogEncryption): Logs => {
  const cipher = logCipher(encryption)
  const opened = new Map<string, Promise<Readonly<{ mode: Mode; log: EventLog }>>>()
  const folder = (part: string): string => join(data, 'log', part)

  const openPart = async (part: string, mode: Mode): Promise<Readonly<{ mode: Mode; log: EventLog }>> => {
    const isRaw = part === 'raw'
    const log = await openEmbeddedLog({ dir: folder(part), mode, owner })
    try {
      return { mode, log: isRaw || part.startsWith('kpi-') ? cipher.of(log, mode) : log }
    } catch (cause) {
      await log.close()
      throw cause
    }
  }

  const allowed = new Map<Mode, Promise<void>>()
  const allow = (mode: Mode): Promise<void> => {
    const known = allowed.get(mode)
    if (tenant === undefined || known !== undefined) return known ?? Promise.resolve()
    const asked = mode === 'writer' ? claimFolder(data, tenant) : refuseForeignFolder(data, tenant)
    allowed.set(mode, asked)
    asked.catch(() => allowed.delete(mode))
    return asked
  }

  /** `apart`: what of the part is opened by itself; else a reader is the writer's log where there is one. */
  const open = async (part: string, mode: Mode, apart = ''): Promise<EventLog> => {
    const name = `${part} ${apart}`
    const known = opened.get(name)
    if (known !== undefined) {
      const held = await known
      if (held.mode === 'writer' || mode === 'reader') return held.log
      await held.log.close()
    }
    const opening = allow(mode).then(() => openPart(part, mode))
    opened.set(name, opening)
    try {
      return (await opening).log
    } catch (cause) {
      opened.delete(name)
      throw cause
    }
  }
  const close = async (part: string, apart: string): Promise<void> => {
    const name = `${part} ${apart}`
    const held = opened.get(name)
    opened.delete(name)
    await (await held?.catch(() => undefined))?.log.close()
  }

  const changing = async <T>(part: string, work: (log: EventLog) => Promise<T>): Promise<T> => {
    await allow('writer')
    const log = await whenFree(() => openEmbeddedLog({ dir: folder(part), mode: 'writer', owner }), MOMENT_LOCK)
    try {
      return await work(log)
    } finally {
      await log.close()
    }
  }

  return {
    raw: (mode) => open('raw', mode),
    // Writer and readers of one process are opened apart: the writer is given back while readers go on.
    kpi: (generation, mode) => open(`kpi-${generation}`, mode, mode),
    releaseKpi: (generation) => close(`kpi-${generation}`, 'writer'),
    closeKpi: (generation) => close(`kpi-${generation}`, 'reader'),
    deleteKpi: async (_, generation) => {
      const part = `kpi-${generation}`
      const [dir, aside] = [folder(part), folder(`retired-${part}`)]
      // Also a check that no other process writes it.
      if (existsSync(dir)) await open(part, 'writer', 'writer')
      await close(part, 'writer')
      await close(part, 'reader')
      // Moved first: a deletion that is cut short leaves no part that looks whole.
      rmSync(aside, { recursive: true, force: true })
      if (existsSync(dir)) renameSync(dir, aside)
      rmSync(aside, { recursive: true, force: true })
    },
    kpiFolder: (generation) => folder(`kpi-${generation}`),
    control: (mode) => open('control', mode),
    publications: (sink, mode) => open(`${PUBLICATIONS}${sink}`, mode),
    publishingSinks: () => {
      const parts = existsSync(join(data, 'log')) ? readdirSync(join(data, 'log')) : []
      const ofSinks = parts.filter((part) => part.startsWith(PUBLICATIONS))
      return Promise.resolve(ofSinks.map((part) => part.slice(PUBLICATIONS.length)).sort())
    },
    points: () =>
      Promise.reject(
        new LogRefused(
          'the stages points and merge need a log that several processes write: set log.kind: eventstoredb, or run the stage projector',
        ),
      ),
    changingControl: (work) => changing('control', work),
    audit: () => open('audit', 'reader'),
    changingAudit: (work) => changing('audit', work),
    identity: 'embedded',
    health: () => ({ kind: 'well' }),
    close: async () => {
      const parts = [...opened.values()]
      opened.clear()
      for (const part of parts) await (await part).log.close()
      await cipher.close()
    },
  }
}

/** Erases the rows of a generation and what its buckets have found. */
const eraseKpi = async (log: EventLog, tenant: string, generation: string): Promise<void> => {
  const points = allBuckets.map((bucket) => pointsStream(tenant, generation, bucket))
  for (const stream of [...points, kpiStream(tenant, generation)]) {
    if ((await log.streamRevision(stream)) === undefined) continue
    const erased = await log.erase(stream)
    if (E.isLeft(erased)) throw new LogRefused(`the stream ${stream} cannot be deleted: ${failureText(erased.left)}`)
  }
}

const failureText = (failure: AppendFailure): string =>
  failure.tag === 'Refused' || failure.tag === 'TooLarge' ? failure.reason : failure.tag

/** One log that holds all parts: for tests, and for adapters that are servers. */
export const singleLog = (log: EventLog): Logs => ({
  raw: () => Promise.resolve(log),
  kpi: () => Promise.resolve(log),
  releaseKpi: () => Promise.resolve(),
  closeKpi: () => Promise.resolve(),
  deleteKpi: (tenant, generation) => eraseKpi(log, tenant, generation),
  control: () => Promise.resolve(log),
  publications: () => Promise.resolve(log),
  publishingSinks: async (tenant) => {
    const prefix = publicationsPrefix(tenant)
    const sinks = new Set<string>()
    for await (const batch of log.readAll({ prefixes: [prefix] }))
      for (const { stream } of batch) sinks.add(stream.slice(prefix.length))
    return [...sinks].sort()
  },
  points: () => Promise.resolve(log),
  changingControl: (work) => work(log),
  audit: () => Promise.resolve(log),
  changingAudit: (work) => work(log),
  identity: 'single log',
  health: () => ({ kind: 'well' }),
  close: () => log.close(),
})

const APPEARS_RETRY_MS = 250

/**
 * Opens a part for reading that the process which writes it may not have made yet: waits for it. Rejects when the
 * signal aborts.
 */
export const whenThere = async (
  open: () => Promise<EventLog>,
  what: string,
  signal: AbortSignal,
  logger: Logger,
): Promise<EventLog> => {
  for (let told = false; ; told = true) {
    try {
      return await open()
    } catch (cause) {
      if (!(cause instanceof LogUnavailable)) throw cause
      if (!told) logger.info({ what, reason: cause.message }, 'waiting until there is a log to read')
      await sleep(APPEARS_RETRY_MS, undefined, { signal })
    }
  }
}
