import { join } from 'node:path'
import type { Logger } from 'pino'
import { writerOf, type Writer } from '../../../log/embedded/lock/writer-of.js'
import type { EventLog } from '../../../log/event-log.js'
import type { Config } from '../../config/schema.js'
import type { StageHealth } from '../../pipeline/health.js'
import { readGenerations, type Generations } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { ifThere } from '../../../log/if-there.js'
import { runningStages } from './running.js'

export type StatusOptions = Readonly<{
  config: Config
  logs: Logs
  logger: Logger
  version: string
  now: () => number
}>

/** What the stages are judged by, looked up once. */
export type Look = StatusOptions &
  Readonly<{
    at: number
    raw: EventLog | undefined
    generations: Generations | undefined
    /** Generations that were not given up, in the order of their start. */
    kept: Generations['all'][string][]
    /** Who writes the parts of an embedded log, by part; on a server there are no such locks. */
    writers: ReadonlyMap<string, Writer>
    /** What running processes of this installation say, by stage. */
    health: ReadonlyMap<string, StageHealth>
    addresses: readonly string[]
  }>

/** `known`: the health of the stages of this process; without it the processes that may run are asked. */
export const lookAround = async (options: StatusOptions, known?: ReadonlyMap<string, StageHealth>): Promise<Look> => {
  const { config, logs, now } = options
  const raw = await ifThere(() => logs.raw('reader'))
  const control = await ifThere(() => logs.control('reader'))
  const generations = control === undefined ? undefined : await readGenerations(control, config.tenant)
  const kept = Object.values(generations?.all ?? {}).filter(({ name }) => generations?.retired[name] === undefined)
  const writers = await writersOf(config, ['raw', ...kept.map(({ name }) => `kpi-${name}`)])
  const running = known === undefined ? await runningStages(config) : { stages: known, addresses: [] }
  // Another installation may answer at the same ports. A running one of ours holds a part of an embedded log.
  const isOurs =
    known !== undefined ||
    config.log.kind !== 'embedded' ||
    config.health.port !== undefined ||
    [...writers.values()].some(({ liveness }) => liveness === 'alive')
  return {
    ...options,
    ...{ at: now(), raw, generations, kept, writers },
    ...{ health: isOurs ? running.stages : new Map(), addresses: isOurs ? running.addresses : [] },
  }
}

const writersOf = async ({ log, data }: Config, parts: readonly string[]): Promise<ReadonlyMap<string, Writer>> => {
  const writers = new Map<string, Writer>()
  if (log.kind !== 'embedded') return writers
  for (const part of parts) {
    // A part that is not there has no writer; one that is damaged is told by who reads it.
    const writer = await writerOf(join(data, 'log', part)).catch(() => undefined)
    if (writer !== undefined) writers.set(part, writer)
  }
  return writers
}
