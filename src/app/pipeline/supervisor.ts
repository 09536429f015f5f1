import type { EventLog } from '../../log/event-log.js'
import { pushedFeeds } from '../feeds/plans.js'
import { aborted } from './aborted.js'
import { genesysStages } from './genesys/genesys-stages.js'
import type { PipelineOptions } from './pipeline-options.js'
import { closeRetired } from './retired-parts.js'
import { startStage, type StageControl, type StageEnd, type StageHandle } from './stage.js'
import {
  auditStage,
  egressName,
  egressStage,
  feedStage,
  ingressStage,
  mergeStage,
  namesName,
  namesStage,
  pointsStage,
  projectorStage,
  unlessPaused,
} from './stage-work.js'

/**
 * The stages of this process, and how the pipeline as a whole ends: with the first end of a stage that is neither
 * `stopped` nor `caught-up`; else with `caught-up` if all stages did, or with `stopped`.
 */
export type Pipeline = Readonly<{ stages: readonly StageHandle[]; ended: Promise<StageEnd> }>

/** A stage that is to be started. `last`: where the log is worked off, it begins once the projector has done so. */
type Planned = Readonly<{ name: string; last?: true; work: (control: StageControl) => Promise<StageEnd> }>

/**
 * Starts the stages. They run until the signal aborts (then each finishes what it has begun) or a stage ends for a
 * reason of its own, which stops the others. An egress that ends so stops them only if no other egress of rows is left:
 * a destination that is refused or taken over does not hold up the rest.
 */
export const startPipeline = (options: PipelineOptions): Pipeline => {
  const { only, untilCaughtUp, signal, logger, onState } = options
  const failing = new AbortController()
  const all = AbortSignal.any([signal, failing.signal])
  // The ingress opens the raw log for writing before others open it for reading. If it cannot, nothing begins.
  const opened = only.includes('ingress') && !untilCaughtUp ? options.logs.raw('writer') : undefined
  const isOpened = opened?.then(
    () => true,
    () => false,
  )
  const planned = plannedStages(options, opened)
  const publishing = new Set(planned.map(({ name }) => name).filter(isEgress))
  let first: StageEnd | undefined

  const onEnd = (name: string, end: StageEnd): void => {
    publishing.delete(name)
    if (end.kind === 'stopped' || end.kind === 'caught-up') return
    first ??= end
    if (publishing.size > 0 && (isEgress(name) || isNames(name)))
      logger.error({ stage: name, end }, 'an egress ended, the others go on')
    else failing.abort()
  }
  if (!untilCaughtUp) void closeRetired(options.logs, options.config.tenant, all, logger)
  const stages: StageHandle[] = []
  for (const { name, last, work } of planned) {
    const before = untilCaughtUp && last ? stages.find((stage) => stage.name === 'projector')?.ended : undefined
    stages.push(
      startStage({
        name,
        signal: all,
        now: options.now,
        work: async (control) => {
          // The ingress itself says why the log cannot be opened.
          if (name !== 'ingress' && (await isOpened) === false) return { kind: 'stopped' }
          await before
          return work(control)
        },
        onState: (state) => {
          onState?.(name, state)
          if (state.kind === 'ended') onEnd(name, state.end)
        },
      }),
    )
  }
  const ended = Promise.all(stages.map((stage) => stage.ended)).then((ends): StageEnd => {
    const isCaughtUp = untilCaughtUp && ends.every(({ kind }) => kind === 'caught-up')
    return first ?? { kind: isCaughtUp ? 'caught-up' : 'stopped' }
  })
  return { stages, ended }
}

/** The stages of this process, those before others that read what they write. */
const plannedStages = (options: PipelineOptions, opened: Promise<EventLog> | undefined): readonly Planned[] => {
  const { only, sinks, config } = options
  const planned: Planned[] = []
  if (opened !== undefined) {
    planned.push({ name: 'ingress', work: async (control) => ingressStage(options, await opened, control) })
    for (const { name, work } of genesysStages(options))
      planned.push({ name, work: async (control) => work(await opened, control) })
  }
  const ofProjection = { projector: projectorStage, points: pointsStage, merge: mergeStage } as const
  for (const name of ['projector', 'points', 'merge'] as const)
    if (only.includes(name))
      planned.push({ name, work: (control) => unlessPaused(options, control, name, ofProjection[name]) })
  if (only.includes('egress'))
    for (const each of sinks) {
      const { names } = each
      planned.push({
        name: egressName(each, sinks),
        last: true,
        work: (control) => egressStage(options, each, control),
      })
      if (names !== undefined)
        planned.push({ name: namesName(each, sinks), work: (control) => namesStage(options, names, control) })
    }
  if (only.includes('audit'))
    planned.push({ name: 'audit', last: true, work: (control) => auditStage(options, control) })
  if (only.includes('feeds')) {
    const feeds = pushedFeeds(config)
    for (const plan of feeds)
      planned.push({
        name: `feed.${plan.settings.name}`,
        last: true,
        work: (control) => feedStage(options, plan, control),
      })
    if (feeds.length === 0 && !options.untilCaughtUp) planned.push({ name: 'feeds', work: servesOnly })
  }
  return planned
}

/** Who only serves feeds runs until it is stopped. */
const servesOnly = async ({ started, signal }: StageControl): Promise<StageEnd> => {
  started()
  await aborted(signal)
  return { kind: 'stopped' }
}

const isNames = (stage: string): boolean => stage === 'names' || stage.startsWith('names.')

const isEgress = (stage: string): boolean => stage.startsWith('egress')
