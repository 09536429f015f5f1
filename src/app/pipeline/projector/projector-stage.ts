import type { Logger } from 'pino'
import type { Profile } from '../../../domain/profile.js'
import type { EventLog } from '../../../log/event-log.js'
import { whenFree } from '../../../log/when-free.js'
import {
  GenerationsChanged,
  promote,
  PROJECTION_VERSION,
  readGenerations,
  startGeneration,
  watchLive,
  type Generation,
} from '../generations.js'
import type { Tracing } from '../../../telemetry/traces/tracing.js'
import type { Logs } from '../logs/logs.js'
import { RowIndexKeeper } from '../../row-index/row-index-keeper.js'
import { rawLogIdOf } from './checkpoint-check.js'
import type { ProjectorOptions } from './projector-options.js'
import { runProjector, type ProjectorEnd } from './projector.js'
import { retrying, type Again } from '../retry.js'
import { noSnapshots, openSnapshotStore, type SnapshotStore } from './snapshots.js'

/** The live generation; the first is started and promoted here. */
export const ensureLive = async (
  logs: Logs,
  tenant: string,
  profile: Profile,
  raw: EventLog,
  now: () => number,
): Promise<Generation> => {
  for (let attempts = 1; ; attempts++)
    try {
      return await startedLive(logs, tenant, profile, raw, now)
    } catch (cause) {
      // Several processes that begin at once all start the first generation, and one of them succeeds.
      if (!(cause instanceof GenerationsChanged) || attempts === 3) throw cause
    }
}

const startedLive = (
  logs: Logs,
  tenant: string,
  profile: Profile,
  raw: EventLog,
  now: () => number,
): Promise<Generation> =>
  logs.changingControl(async (control) => {
    const state = await readGenerations(control, tenant)
    const live = state.live === undefined ? undefined : state.all[state.live]
    if (live !== undefined) return live
    const at = new Date(now())
    const started = await startGeneration(control, tenant, state, profile, await raw.head(), at, await rawLogIdOf(raw))
    await promote(control, tenant, started.state, started.generation.name, at)
    return started.generation
  })

/** The snapshot store of a generation in the data folder; with `undefined` (tests) none. */
export const snapshotsOf = (
  data: string | undefined,
  tenant: string,
  generation: string,
  logs: Pick<Logs, 'identity'>,
): SnapshotStore => (data === undefined ? noSnapshots : openSnapshotStore(data, tenant, generation, logs.identity))

export type LiveOptions = Pick<
  ProjectorOptions,
  'tenant' | 'raw' | 'untilCaughtUp' | 'signal' | 'gate' | 'activity' | 'logger' | 'now' | 'onWorking'
> &
  Readonly<{
    /** What works on the live generation, as the log names it. */
    what: string
    logs: Logs
    profile: Profile
  }>

export type LiveProjectorOptions = Omit<ProjectorOptions, 'generation' | 'kpi' | 'snapshots' | 'trace'> &
  Omit<LiveOptions, 'what'> &
  Readonly<{ data: string | undefined; tracing?: Tracing | undefined }>

/** Works on one generation until it ends. `waitMaxMs`: how long another process that holds it is waited for. */
export type OnGeneration = (
  on: Readonly<{ generation: Generation; waitMaxMs: number; signal: AbortSignal; onWorking: () => void }>,
) => Promise<ProjectorEnd>

const RETRY = { firstMs: 100, maxMs: 10_000 }
const LOCK_BACKOFF = { firstMs: 100, maxMs: 1_000 }
/** How long a promoted generation is waited for while the process that rebuilt it still holds it. */
const LOCK_WAIT_MAX_MS = 45_000

/** Projects the live generation, and goes on with the next one when that is promoted. */
export const runLiveProjector = (options: LiveProjectorOptions): Promise<ProjectorEnd> =>
  followLive({ ...options, what: 'projector' }, async ({ generation, waitMaxMs, signal, onWorking }) => {
    const { logs, data, tenant, logger } = options
    const kpi = await openKpi(logs, generation, waitMaxMs, signal)
    const snapshots = snapshotsOf(data, tenant, generation.name, logs)
    const trace = options.tracing?.projector(generation.name)
    try {
      logger.info({ generation: generation.name }, 'projector: projecting')
      return await withRowIndex(options, generation, kpi, (onProgress) =>
        runProjector({ ...options, generation, kpi, snapshots, signal, trace, onWorking, onProgress }),
      )
    } finally {
      await snapshots.close()
      await logs.releaseKpi(generation.name) // another process may catch it up, to promote it again
    }
  })

type OnProgress = NonNullable<ProjectorOptions['onProgress']>

/** Keeps the row index of a generation beside the work that appends to it, which tells its progress. */
export const withRowIndex = async <End>(
  { tenant, data, logger, onProgress }: Pick<LiveProjectorOptions, 'tenant' | 'data' | 'logger' | 'onProgress'>,
  { name }: Generation,
  kpi: EventLog,
  work: (onProgress: OnProgress) => Promise<End>,
): Promise<End> => {
  const index = new RowIndexKeeper({ kpi, tenant, generation: name, data }, logger)
  try {
    return await work((progress) => {
      index.grown(progress.rows)
      onProgress?.(progress)
    })
  } finally {
    await index.close()
  }
}

/** The log that holds the KPI stream of a generation, as its one writer. */
export const openKpi = (logs: Logs, { name }: Generation, waitMaxMs: number, signal: AbortSignal): Promise<EventLog> =>
  openWhenFree(() => logs.kpi(name, 'writer'), waitMaxMs, signal)

export const openWhenFree = (
  open: () => Promise<EventLog>,
  waitMaxMs: number,
  signal: AbortSignal,
): Promise<EventLog> => whenFree(open, { backoff: LOCK_BACKOFF, waitMaxMs, signal })

/**
 * Works on the live generation, and goes on with the next one when that is promoted. A promoted generation may still be
 * held by the process that rebuilt it; it is waited for. At the start a second worker is refused at once.
 */
export const followLive = async (options: LiveOptions, work: OnGeneration): Promise<ProjectorEnd> => {
  const { what, logs, tenant, profile, raw, signal, gate, activity, logger, now, untilCaughtUp, onWorking } = options
  let previous: Generation | undefined
  const attempt = async (works: () => void): Promise<ProjectorEnd | Again> => {
    const generation = await ensureLive(logs, tenant, profile, raw, now)
    if (previous === undefined) warnOfOtherProfile(generation, profile, logger)
    else if (previous.name !== generation.name)
      logger.info({ from: previous.name, to: generation.name }, `${what}: another generation was promoted`)
    const waitMaxMs = previous === undefined ? 0 : LOCK_WAIT_MAX_MS
    previous = generation
    return onGeneration({ ...options, onWorking: () => (works(), onWorking?.()) }, generation, waitMaxMs, work)
  }
  // Working off is a command that somebody waits for: a log that is out of reach ends it.
  if (untilCaughtUp) return settle(await attempt(() => undefined))
  return retrying<ProjectorEnd>({ what, backoff: RETRY, signal, gate, activity, logger, now }, attempt)
}

const settle = (end: ProjectorEnd | Again): ProjectorEnd => (end.kind === 'again' ? { kind: 'stopped' } : end)

/** Works on one generation until that ends or another is promoted (`again`). */
const onGeneration = async (
  options: LiveOptions & Readonly<{ onWorking: () => void }>,
  generation: Generation,
  waitMaxMs: number,
  work: OnGeneration,
): Promise<ProjectorEnd | Again> => {
  const { logs, tenant, signal, onWorking } = options
  if (generation.projectionVersion !== PROJECTION_VERSION)
    return {
      kind: 'refused',
      reason: `generation ${generation.name} was computed by version ${generation.projectionVersion} of the projection and this is version ${PROJECTION_VERSION}: run \`streamvane rebuild --promote\``,
    }
  const switched = new AbortController()
  const watching = new AbortController()
  const next = options.untilCaughtUp
    ? Promise.resolve(undefined)
    : nextLive(await logs.control('reader'), tenant, generation.name, AbortSignal.any([signal, watching.signal]))
  // A watch that fails ends the work as well, below: it might go on with a generation that nobody publishes any more.
  void next.then(
    (name) => name !== undefined && switched.abort(),
    () => switched.abort(),
  )
  try {
    const until = AbortSignal.any([signal, switched.signal])
    const end = await work({ generation, waitMaxMs, signal: until, onWorking })
    if (end.kind !== 'stopped' || signal.aborted) return end
    await next // throws what made the watch fail
    return { kind: 'again' }
  } finally {
    watching.abort()
  }
}

/**
 * Resolves with the name of the next live generation that is not `current`; with `undefined` when the signal aborts.
 */
const nextLive = async (
  control: EventLog,
  tenant: string,
  current: string,
  signal: AbortSignal,
): Promise<string | undefined> => {
  for await (const { generation } of watchLive(control, tenant, signal)) if (generation !== current) return generation
  return undefined
}

const warnOfOtherProfile = (generation: Generation, profile: Profile, logger: Logger): void => {
  if (JSON.stringify(generation.profile) === JSON.stringify(profile)) return
  logger.warn(
    { generation: generation.name },
    'the configured profile is not that of the live generation, which stays in force; `streamvane rebuild --promote` computes history by the new one',
  )
}
