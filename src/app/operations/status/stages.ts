import { join } from 'node:path'
import { recover } from '../../../contract/kpi-stream/marks.js'
import type { Writer } from '../../../log/embedded/lock/writer-of.js'
import type { Generation } from '../../pipeline/generations.js'
import { publishFrom } from '../../pipeline/egress/progress-check.js'
import { ifThere } from '../../../log/if-there.js'
import type { SinkLook } from './destinations.js'
import { lastWritten } from './disk.js'
import type { Look } from './look.js'
import type { GenerationStatus, StageStatus } from './report.js'
import { stageState } from './stage-state.js'
import { kpiWaiting, rawWaiting, type Waiting } from './waiting.js'

const committedIn = ({ config }: Look, part: string): Promise<string | null> =>
  config.log.kind === 'embedded' ? lastWritten(join(config.data, 'log', part, 'data.mdb')) : Promise.resolve(null)

const alive = (writer: Writer | undefined): StageStatus['process'] =>
  writer?.liveness === 'alive' ? { owner: writer.owner, pid: writer.pid, host: writer.host, since: writer.since } : null

/** Ends a process of this machine that holds a part of the log and does nothing with it. */
const endOf = (writer: Writer | undefined): string | null =>
  writer?.liveness === 'alive' ? `kill -9 ${writer.pid}` : null

export const ingressStatus = async (look: Look): Promise<StageStatus> => {
  const writer = look.writers.get('raw')
  const health = look.health.get('ingress')
  const seen = stageState({ waiting: undefined, health, writer, isKnowable: true, now: look.at })
  return {
    ...{ stage: 'ingress', ...seen, lagEvents: null, lagMs: null, lastCommit: await committedIn(look, 'raw') },
    ...{ process: alive(writer), mend: seen.state === 'stalled' && health === undefined ? endOf(writer) : null },
    ...(health?.sources !== undefined && { sources: health.sources }),
  }
}

type Projections = Readonly<{ stages: readonly StageStatus[]; generations: readonly GenerationStatus[] }>

/** The projector of the live generation and of those that are warming. */
export const projectionsOf = async (look: Look): Promise<Projections> => {
  const { generations, raw, kept: named } = look
  if (named.length === 0) {
    const waiting = raw === undefined ? undefined : await rawWaiting(raw, look.config.tenant, undefined)
    return {
      stages: [{ ...projectionStatus(look, 'projector', waiting, undefined, null), mend: 'streamvane run' }],
      generations: [],
    }
  }
  const livePlace = named.findIndex(({ name }) => name === generations?.live)
  const stages: StageStatus[] = []
  const told: GenerationStatus[] = []
  for (const [place, generation] of named.entries()) {
    const { name, startedAt } = generation
    const state = place === livePlace ? 'live' : place > livePlace ? 'warming' : 'earlier'
    const isLive = state === 'live'
    const seen = state === 'earlier' ? undefined : await generationSeen(look, generation)
    told.push({ name, state, startedAt, done: seen?.done ?? null })
    if (seen !== undefined)
      stages.push(
        projectionStatus(look, isLive ? 'projector' : `projector ${name}`, seen.waiting, seen.writer, seen.lastCommit),
      )
  }
  return { stages, generations: told }
}

const generationSeen = async (look: Look, { name }: Generation) => {
  const { config, logs, raw } = look
  const kpi = await ifThere(() => logs.kpi(name, 'reader'))
  const checkpoint = kpi === undefined ? undefined : (await recover(kpi, config.tenant, name)).checkpoint
  const waiting = raw === undefined ? undefined : await rawWaiting(raw, config.tenant, checkpoint?.position)
  const writer = look.writers.get(`kpi-${name}`)
  const head = await raw?.head()
  const done =
    head === undefined || head === 0n
      ? null
      : waiting?.events === 0
        ? 1
        : Number(checkpoint?.position ?? 0n) / Number(head)
  return { waiting, writer, done, lastCommit: await committedIn(look, `kpi-${name}`) }
}

const projectionStatus = (
  look: Look,
  stage: string,
  waiting: Waiting | undefined,
  writer: Writer | undefined,
  lastCommit: string | null,
): StageStatus => {
  const { generations, config, at } = look
  const health = stage === 'projector' ? (look.health.get('projector') ?? look.health.get('merge')) : undefined
  const isKnowable = config.log.kind === 'embedded'
  const seen = stageState({ waiting, health, writer, isKnowable, now: at })
  const paused = generations?.paused
  const { state, since, says } =
    paused === undefined || stage !== 'projector'
      ? seen
      : {
          state: 'paused' as const,
          since: null,
          says: `since ${paused.at}${paused.why === undefined ? '' : `: ${paused.why}`}`,
        }
  const mend =
    state === 'paused'
      ? 'streamvane projections resume'
      : state === 'stalled' && health === undefined
        ? (endOf(writer) ??
          (stage === 'projector' ? 'streamvane run' : 'streamvane projections rebuild (goes on with it)'))
        : null
  return { stage, state, ...lagOf(waiting, at), lastCommit, process: alive(writer), since, says, mend }
}

const lagOf = (
  waiting: Waiting | undefined,
  at: number,
): Pick<StageStatus, 'lagEvents' | 'lagIsAtLeast' | 'lagMs'> => ({
  lagEvents: waiting?.events ?? null,
  ...(waiting?.isAtLeast === true && { lagIsAtLeast: true as const }),
  lagMs:
    waiting === undefined
      ? null
      : waiting.events === 0
        ? 0
        : waiting.since === undefined
          ? null
          : Math.max(0, at - waiting.since),
})

export const egressStages = (look: Look, sinks: readonly SinkLook[]): Promise<readonly StageStatus[]> =>
  Promise.all(
    sinks.map(async ({ settings, progress, refusal, away }): Promise<StageStatus> => {
      const stage = sinks.length === 1 ? 'egress' : `egress.${settings.name}`
      const waiting = await egressWaiting(look, progress, away !== undefined)
      const health = look.health.get(stage)
      const seen = stageState({ waiting, health, writer: undefined, isKnowable: false, now: look.at })
      const base = { stage, ...lagOf(waiting, look.at), lastCommit: null, process: null }
      if (away !== undefined)
        return { ...base, state: 'unreachable', since: null, says: away, mend: 'streamvane doctor --only broker' }
      if (refusal !== undefined) return { ...base, state: 'refused', since: null, says: refusal, mend: null }
      const mend = seen.state === 'stalled' && health === undefined ? 'streamvane run' : null
      return { ...base, ...seen, mend }
    }),
  )

const egressWaiting = async (
  { logs, raw, generations, config: { tenant } }: Look,
  progress: SinkLook['progress'],
  isAway: boolean,
): Promise<Waiting | undefined> => {
  const generation = generations?.live
  if (generation === undefined || isAway) return undefined
  const kpi = await ifThere(() => logs.kpi(generation, 'reader'))
  if (kpi === undefined) return undefined
  return kpiWaiting(kpi, raw, { tenant, generation }, await publishFrom(kpi, tenant, generation, progress))
}
