import { recover } from '../../../contract/kpi-stream/marks.js'
import { rawPrefixes } from '../../../domain/stream-name.js'
import { LogUnavailable, type EventLog, type Position } from '../../../log/event-log.js'
import { liveBefore, type Generation, type Generations, type Paused } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { computedGenerations } from '../computed.js'
import { bytesOfGeneration } from './disk.js'

/**
 * - `live`: the egress publishes it.
 * - `complete`: it has folded the raw log through where that ended when it began; it can be promoted.
 * - `incomplete`: a rebuild works on it, or was interrupted.
 * - `retired`: it was given up, and its rows are deleted.
 */
export type GenerationPhase = 'live' | 'complete' | 'incomplete' | 'retired'

export type GenerationStatus = Readonly<{
  generation: Generation
  phase: GenerationPhase
  /** Through which raw position its rows count; `undefined`: none yet. In decimal. */
  position: string | undefined
  /** Through where it has to fold, in decimal: the end of the log, or `position` where no raw event lies behind it. */
  head: string | undefined
  /** When it became live last, by whom and why. */
  promoted: Readonly<{ at: string; by?: string; why?: string; publish: string }> | undefined
  retired: Readonly<{ at: string; by?: string; why?: string }> | undefined
  /** What it takes in the data folder: its KPI part, snapshots and row index. On EventStoreDB local state alone. */
  bytes: number
}>

export type ProjectionStatus = Readonly<{
  live: string | undefined
  /** What `rollback` would make live again. */
  rollbackTo: string | undefined
  paused: Paused | undefined
  generations: readonly GenerationStatus[]
}>

export type StatusOptions = Readonly<{ logs: Logs; tenant: string; data: string | undefined }>

/** All generations, how far each is and what it takes. Throws `NoGeneration`. */
export const projectionStatus = async ({ logs, tenant, data }: StatusOptions): Promise<ProjectionStatus> => {
  const state = await computedGenerations(logs, tenant)
  const raw = await logs.raw('reader')
  const generations: GenerationStatus[] = []
  for (const generation of Object.values(state.all)) {
    const { name } = generation
    const retired = state.retired[name]
    const position = retired === undefined ? await positionOf(logs, tenant, name) : undefined
    const promoted = state.promoted.findLast((each) => each.name === name)
    generations.push({
      generation,
      phase: phaseOf(state, generation, position),
      position: text(position),
      head: text(await endFor(raw, tenant, position)),
      promoted: promoted === undefined ? undefined : withoutName(promoted),
      retired,
      bytes: await bytesOfGeneration({ logs, tenant, data }, name),
    })
  }
  return { live: state.live, rollbackTo: liveBefore(state), paused: state.paused, generations }
}

/** On a server the log holds other streams as well: rows, publications, other applications. */
const endFor = async (raw: EventLog, tenant: string, position: Position | undefined): Promise<Position | undefined> => {
  const head = await raw.head()
  if (head === undefined || position === undefined || position >= head) return head
  for await (const _ of raw.readAll({ after: position, prefixes: rawPrefixes(tenant), batchMax: 1 })) return head
  return position
}

export const phaseOf = (
  { live, retired }: Generations,
  { name, historyThrough }: Generation,
  position: Position | undefined,
): GenerationPhase => {
  if (Object.hasOwn(retired, name)) return 'retired'
  if (name === live) return 'live'
  return historyThrough === null || (position !== undefined && position >= BigInt(historyThrough))
    ? 'complete'
    : 'incomplete'
}

/** Through which raw position the rows of a generation count. */
export const positionOf = async (logs: Logs, tenant: string, name: string): Promise<Position | undefined> => {
  try {
    return (await recover(await logs.kpi(name, 'reader'), tenant, name)).checkpoint?.position
  } catch (cause) {
    if (cause instanceof LogUnavailable) return undefined // nothing was written yet
    throw cause
  }
}

const withoutName = <A extends Readonly<{ name: string }>>({ name: _, ...rest }: A): Omit<A, 'name'> => rest

const text = (position: Position | undefined): string | undefined =>
  position === undefined ? undefined : String(position)
