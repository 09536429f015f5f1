import { sinkSettings, type SinkSettings } from '../../../app/config/sinks/egress-sinks.js'
import { lookAround, type Look } from '../../../app/operations/status/look.js'
import { diskOf } from '../../../app/operations/status/disk.js'
import type { StageStatus, StatusReport } from '../../../app/operations/status/report.js'
import { stageState } from '../../../app/operations/status/stage-state.js'
import { ingressStatus, projectionsOf } from '../../../app/operations/status/stages.js'
import { deadLettersIn, openIntervals, statusOf } from '../../../app/operations/status/status.js'
import { ifThere } from '../../../log/if-there.js'
import { healthOf, type StageHealth } from '../../../app/pipeline/health.js'
import { kindOf } from '../../../app/sinks/kinds.js'
import { kpiStream } from '../../../domain/stream-name.js'
import { frontierIn } from '../../../ingress/clock.js'
import { isLogTrouble } from '../../../log/event-log.js'
import type { AdminProcess } from '../../admin/operation.js'
import type { Flow, FlowStage } from '../shapes.js'
import { Rates } from './rates.js'

/** What takes longer to find out is looked up this often, beside the looks, and told as it was then. */
const SLOW_LOOK_MS = 5_000
/** What is older says nothing: nobody looked meanwhile. */
const SLOW_KEPT_MS = 60_000
const NOT_LOOKED_UP = { openIntervals: null, disk: null }
/** Destinations and processes elsewhere are asked this often. */
const AROUND_LOOK_MS = 10_000

/**
 * Looks at the whole flow, again and again. Stages of this process are seen by their handles; where one of the flow
 * runs elsewhere, or none runs, it is told as `streamvane status` tells it.
 */
export class FlowLooks {
  private readonly process: AdminProcess
  private readonly isReadOnly: boolean
  private readonly rates = new Rates()
  private around: StatusReport | undefined
  private aroundAt = -Infinity
  private asking = false
  private slow: Pick<Flow, 'openIntervals' | 'disk'> = NOT_LOOKED_UP
  private slowAt = -Infinity
  private lookingSlowly = false
  /** The open intervals follow from `of`: they are counted again where it is another. */
  private counted: Readonly<{ of: string; openIntervals: number | null }> | undefined
  private ticked: Readonly<{ frontier: number | undefined; at: number | undefined }> | undefined

  constructor(process: AdminProcess, isReadOnly: boolean) {
    this.process = process
    this.isReadOnly = isReadOnly
  }

  /** Throws what reading the log throws, unless that is away: the flow says so then. */
  async look(): Promise<Flow> {
    const { config, logs, now, version } = this.process
    const at = now()
    if (at - this.slowAt > SLOW_KEPT_MS) this.slow = NOT_LOOKED_UP
    const base = {
      ...({ at: iso(at), tenant: config.tenant, version, mode: this.isReadOnly ? 'read-only' : 'run' } as const),
      ...this.slow,
    }
    const here = new Map(Object.entries(healthOf(this.process.stages(), logs.health(), at).stages))
    try {
      const look = await lookAround(this.process, here)
      const seen = await this.seen(look, here)
      this.lookSlowly(look, seen)
      return { ...base, ...seen }
    } catch (cause) {
      if (!isLogTrouble(cause)) throw cause
      return {
        ...{
          ...base,
          well: false,
          clock: { frontier: null, behindMs: null, tickedAt: null },
          generations: [],
          kpi: null,
        },
        log: { kind: config.log.kind, state: 'unreachable', position: null, says: cause.message },
        ...{ stages: [...here].map(([stage, health]) => stageOf(bare(stage), health)), deadLetters: 0 },
      }
    } finally {
      // Afterwards: who has just opened a page waits for the look.
      this.askAround(here, at)
    }
  }

  private async seen(look: Look, here: ReadonlyMap<string, StageHealth>) {
    const { config, raw, at, generations } = look
    const head = await raw?.head()
    const frontier = raw === undefined ? undefined : await frontierIn(raw, config.tenant)
    const kpi = await this.kpiOf(look)
    const projections = await projectionsOf(look)
    const count = config.log.kind === 'embedded' ? Number(head ?? 0n) : null
    const stages = [
      { ...stageOf(await ingressStatus(look), here.get('ingress')), ratePerS: this.rates.of('ingress', at, count) },
      ...projections.stages.map((told) => {
        const health = told.stage === 'projector' ? (here.get('projector') ?? here.get('merge')) : undefined
        const status = health?.state === 'running' ? ofRunning(told, health, at) : told
        return {
          ...stageOf(status, health),
          ratePerS: this.rates.of(
            status.stage,
            at,
            count === null || status.lagEvents === null ? null : count - status.lagEvents,
          ),
        }
      }),
      ...this.egresses(look, here, kpi),
      ...this.others(here),
    ]
    return {
      well: !stages.some(({ state }) => state === 'stalled' || state === 'refused' || state === 'unreachable'),
      log: {
        ...{ kind: config.log.kind, says: null },
        ...(head === undefined
          ? ({ state: 'empty', position: null } as const)
          : ({ state: 'well', position: String(head) } as const)),
      },
      clock: this.clockOf(frontier, at),
      ...{ stages, generations: projections.generations, kpi },
      deadLetters: await deadLettersIn({ ...look, generations }),
    }
  }

  private async kpiOf({ logs, config, generations, at }: Look): Promise<Flow['kpi']> {
    const generation = generations?.live
    const kpi = generation === undefined ? undefined : await ifThere(() => logs.kpi(generation, 'reader'))
    if (generation === undefined || kpi === undefined) return null
    const revision = (await kpi.streamRevision(kpiStream(config.tenant, generation))) ?? -1
    return { generation, revision, ratePerS: this.rates.of(`kpi ${generation}`, at, revision) }
  }

  private egresses(look: Look, here: ReadonlyMap<string, StageHealth>, kpi: Flow['kpi']): readonly FlowStage[] {
    const sinks = sinkSettings(look.config.egress)
    return sinks.map((settings) => {
      const stage = sinks.length === 1 ? 'egress' : `egress.${settings.name}`
      const destination = destinationOf(settings, look)
      const health = here.get(stage)
      if (health === undefined) return { ...stageOf(this.elsewhere(stage), undefined), destination }
      const { lagRows, lagMs } = health.figures ?? {}
      const lagEvents = lagRows ?? null
      const waiting =
        lagRows === undefined
          ? undefined
          : { events: lagRows, isAtLeast: false, since: lagRows === 0 ? undefined : look.at - (lagMs ?? 0) }
      const seen = stageState({ waiting, health, writer: undefined, isKnowable: true, now: look.at })
      const status = { ...bare(stage), ...seen, lagEvents, lagMs: lagMs ?? null }
      const through = kpi === null || lagEvents === null ? null : kpi.revision - lagEvents
      return { ...stageOf(status, health), destination, ratePerS: this.rates.of(stage, look.at, through) }
    })
  }

  /** The stages of this process that are on no way of the data: feeds, audit, genesys. */
  private others(here: ReadonlyMap<string, StageHealth>): readonly FlowStage[] {
    const told = [...here].filter(([stage]) => !/^(ingress$|projector$|merge$|points$|egress)/.test(stage))
    const seen = (health: StageHealth) =>
      stageState({ waiting: undefined, health, writer: undefined, isKnowable: true, now: 0 })
    const elsewhere = this.around?.stages.filter(({ stage }) => stage.startsWith('feed.') && !here.has(stage)) ?? []
    return [
      ...told.map(([stage, health]) => stageOf({ ...bare(stage), ...seen(health) }, health)),
      ...elsewhere.map((status) => stageOf(status, undefined)),
    ]
  }

  /** As it was seen from outside, or not yet. */
  private elsewhere(stage: string): StageStatus {
    return this.around?.stages.find((each) => each.stage === stage) ?? bare(stage)
  }

  private clockOf(frontier: number | undefined, at: number): Flow['clock'] {
    if (this.ticked === undefined) this.ticked = { frontier, at: undefined }
    else if (this.ticked.frontier !== frontier) this.ticked = { frontier, at }
    return {
      frontier: frontier === undefined ? null : iso(frontier),
      behindMs: frontier === undefined ? null : at - frontier,
      tickedAt: this.ticked.at === undefined ? null : iso(this.ticked.at),
    }
  }

  private lookSlowly(look: Look, { kpi, clock }: Pick<Flow, 'kpi' | 'clock'>): void {
    const { at, config, logger } = look
    if (this.lookingSlowly || at - this.slowAt < SLOW_LOOK_MS) return
    this.lookingSlowly = true
    const looked = async (): Promise<Pick<Flow, 'openIntervals' | 'disk'>> => {
      const of = `${kpi?.generation ?? ''} ${kpi?.revision ?? ''} ${clock.frontier ?? ''}`
      if (this.counted?.of !== of) {
        const frontier = clock.frontier === null ? undefined : Date.parse(clock.frontier)
        this.counted = { of, openIntervals: await openIntervals(look, frontier) }
      }
      return { openIntervals: this.counted.openIntervals, disk: await diskOf(config.data) }
    }
    void looked()
      .then((slow) => {
        this.slow = slow
        this.slowAt = at
      })
      .catch((cause: unknown) => logger.debug({ err: cause }, 'console: open intervals could not be counted'))
      .finally(() => (this.lookingSlowly = false))
  }

  /** Asks in the background: a destination that is away takes ten seconds to say so. */
  private askAround(here: ReadonlyMap<string, StageHealth>, at: number): void {
    const { config, logger } = this.process
    const sinks = sinkSettings(config.egress)
    const egresses = sinks.map(({ name }) => (sinks.length === 1 ? 'egress' : `egress.${name}`))
    if (egresses.every((stage) => here.has(stage)) || this.asking || at - this.aroundAt < AROUND_LOOK_MS) return
    this.asking = true
    void statusOf(this.process)
      .then((report) => (this.around = report))
      .catch((cause: unknown) => logger.debug({ err: cause }, 'console: the processes around could not be asked'))
      .finally(() => {
        this.asking = false
        this.aroundAt = this.process.now()
      })
  }
}

const bare = (stage: string): StageStatus => ({
  ...{ stage, state: 'idle', lagEvents: null, lagMs: null, lastCommit: null },
  ...{ process: null, since: null, says: null, mend: null },
})

/**
 * A projector of this process says itself whether it has worked everything off: behind its last checkpoint may lie
 * events that change no row, for which it writes none.
 */
const ofRunning = (status: StageStatus, health: StageHealth, at: number): StageStatus => {
  const { behindMs } = health
  const lagEvents = behindMs === 0 ? 0 : status.lagEvents
  const waiting = { events: lagEvents ?? 0, isAtLeast: false, since: undefined }
  return {
    ...status,
    ...stageState({ waiting, health, writer: undefined, isKnowable: true, now: at }),
    lagEvents,
    lagMs: behindMs,
  }
}

const KINDS: readonly (readonly [RegExp, FlowStage['kind']])[] = [
  [/^ingress$/, 'ingress'],
  [/^projector/, 'projector'],
  [/^egress/, 'egress'],
  [/^feed/, 'feed'],
]

const stageOf = (status: StageStatus, health: StageHealth | undefined): FlowStage => {
  const { stage, state, lagEvents, lagIsAtLeast, lagMs, lastCommit, process, sources, since, says, mend } = status
  const [trouble] = health?.troubles ?? []
  const isSilent = health === undefined && state === 'stalled' && process !== null && since !== null
  return {
    ...{ stage, state, lagEvents, lagMs, lastCommit, says, ratePerS: null, destination: null },
    ...(lagIsAtLeast === true && { lagIsAtLeast }),
    kind: KINDS.find(([pattern]) => pattern.test(stage))?.[1] ?? 'other',
    since: trouble?.since ?? health?.since ?? since,
    troubles: isSilent ? [{ trouble: 'silent', since }] : (health?.troubles ?? []),
    ...{ alarms: health?.alarms ?? [] },
    ...{ figures: health?.figures ?? {}, details: health?.details ?? {} },
    sources: health?.sources ?? sources ?? {},
    mend: mend ?? (trouble === undefined ? null : MEND[trouble.trouble]),
  }
}

const MEND: Readonly<Record<StageHealth['troubles'][number]['trouble'], string>> = {
  'log-unavailable': 'streamvane doctor --only log',
  'destination-unreachable': 'streamvane doctor --only broker',
  'no-progress': 'streamvane doctor',
}

const destinationOf = (settings: SinkSettings, { config }: Look): FlowStage['destination'] => {
  const { name, use } = settings
  return { name, use, place: kindOf(use).place(settings, config) }
}

const iso = (at: number): string => new Date(at).toISOString()
