import type { Logger } from 'pino'
import type { Profile } from '../../domain/profile.js'
import type { EventLog } from '../../log/event-log.js'
import { whenFree } from '../../log/when-free.js'
import {
  promote,
  PROJECTION_VERSION,
  readGenerations,
  startGeneration,
  watchLive,
  type Generation,
} from './generations.js'
import type { Logs } from './logs.js'
import type { ProjectorOptions } from './projector-options.js'
import { runProjector, type ProjectorEnd } from './projector.js'
import { noSnapshots, openSnapshotStore, type SnapshotStore } from './snapshots.js'

/** The live generation; the first is started and promoted here. */
export const ensureLive = async (
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
    const started = await startGeneration(control, tenant, state, profile, await raw.head(), new Date(now()))
    await promote(control, tenant, started.state, started.generation.name, new Date(now()))
    return started.generation
  })

/** The snapshot store of a generation in the data folder; with `undefined` (tests) none. */
export const snapshotsOf = (
  data: string | undefined,
  tenant: string,
  generation: string,
  logs: Pick<Logs, 'identity'>,
): SnapshotStore => (data === undefined ? noSnapshots : openSnapshotStore(data, tenant, generation, logs.identity))

export type LiveProjectorOptions = Omit<ProjectorOptions, 'generation' | 'kpi' | 'snapshots'> &
  Readonly<{ logs: Logs; data: string | undefined; profile: Profile }>

const LOCK_BACKOFF = { firstMs: 100, maxMs: 1_000 }
/** How long a promoted generation is waited for while the process that rebuilt it still holds it. */
const LOCK_WAIT_MAX_MS = 45_000

/**
 * Projects the live generation, and when another is promoted goes on with that one. A promoted generation may still be
 * held by the process that rebuilt it; it is waited for.
 */
export const runLiveProjector = async (options: LiveProjectorOptions): Promise<ProjectorEnd> => {
  const { logs, tenant, profile, signal, logger, now, data } = options
  let generation = await ensureLive(logs, tenant, profile, options.raw, now)
  warnOfOtherProfile(generation, profile, logger)
  let waitMaxMs = 0 // at the start a second projector is refused at once
  while (!signal.aborted) {
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
    // A watch that fails ends the projector as well, below: it might go on with a generation that nobody publishes any
    // more.
    void next.then(
      (name) => name !== undefined && switched.abort(),
      () => switched.abort(),
    )
    const opening = generation.name
    const kpi = await whenFree(() => logs.kpi(opening, 'writer'), { backoff: LOCK_BACKOFF, waitMaxMs, signal })
    const snapshots = snapshotsOf(data, tenant, generation.name, logs)
    try {
      logger.info({ generation: generation.name }, 'projector: projecting')
      const end = await runProjector({
        ...options,
        generation,
        kpi,
        snapshots,
        signal: AbortSignal.any([signal, switched.signal]),
      })
      if (end.kind !== 'stopped' || signal.aborted) return end
    } finally {
      watching.abort()
      await snapshots.close()
    }
    const name = await next
    const state = await readGenerations(await logs.control('reader'), tenant)
    const promoted = name === undefined ? undefined : state.all[name]
    if (promoted === undefined) return { kind: 'stopped' }
    logger.info({ from: generation.name, to: promoted.name }, 'projector: another generation was promoted')
    generation = promoted
    waitMaxMs = LOCK_WAIT_MAX_MS
  }
  return { kind: 'stopped' }
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
  for await (const name of watchLive(control, tenant, signal)) if (name !== current) return name
  return undefined
}

const warnOfOtherProfile = (generation: Generation, profile: Profile, logger: Logger): void => {
  if (JSON.stringify(generation.profile) === JSON.stringify(profile)) return
  logger.warn(
    { generation: generation.name },
    'the configured profile is not that of the live generation, which stays in force; `streamvane rebuild --promote` computes history by the new one',
  )
}
