import { compareGenerations, type IntervalComparison } from './compare-generations.js'
import { comparedRow, type ComparedRow } from './digest.js'
import { promote, readGenerations, startGeneration, type Generation } from '../../pipeline/generations.js'
import { latestHeaders, RowOfUnknownSchema } from '../../../contract/kpi-stream.js'
import { snapshotsOf, withRowIndex, type LiveProjectorOptions } from '../../pipeline/projector/projector-stage.js'
import type { Position } from '../../../log/event-log.js'
import { GaveUp } from '../../pipeline/retry.js'
import { rawLogIdOf } from '../../pipeline/projector/checkpoint-check.js'
import { runProjector } from '../../pipeline/projector/projector.js'

export type RebuildOptions = LiveProjectorOptions & Readonly<{ promote: boolean }>

export type RebuildOutcome = Readonly<{
  before: string | undefined
  generation: Generation
  /** All intervals of either generation, equal ones too. */
  intervals: readonly IntervalComparison[]
  /** Why the two generations could not be compared: rows of the one before have a schema that is not known any more. */
  notCompared: string | undefined
  promoted: boolean
}>

/** The rebuild did not finish. Its generation is incomplete, was not promoted, and can be ignored. */
export class RebuildFailed extends Error {
  override readonly name: string = 'RebuildFailed'
}

/** The rebuild was told to stop before its generation was complete. */
export class RebuildStopped extends RebuildFailed {
  override readonly name = 'RebuildStopped'
}

/** The log or the configuration does not allow the rebuild; repeating it does not help. */
export class RebuildRefused extends RebuildFailed {
  override readonly name = 'RebuildRefused'
}

/**
 * Computes a new generation from the whole raw log beside the live one, and compares the two per interval. `promote`
 * switches the egress, and the projector of a running process, to the new one.
 */
export const rebuild = async (options: RebuildOptions): Promise<RebuildOutcome> => {
  const { logs, tenant, profile, now, data, raw } = options
  const { before, generation } = await logs.changingControl(async (control) => {
    const state = await readGenerations(control, tenant)
    return {
      before: state.live,
      ...(await startGeneration(
        control,
        tenant,
        state,
        profile,
        await raw.head(),
        new Date(now()),
        await rawLogIdOf(raw),
      )),
    }
  })
  const kpi = await logs.kpi(generation.name, 'writer')
  const snapshots = snapshotsOf(data, tenant, generation.name, logs)
  try {
    let reached: Position | undefined
    const head = generation.historyThrough
    const end = await withRowIndex(options, generation, kpi, (told) => {
      const onProgress: typeof told = (progress) => {
        reached = progress.position
        told(progress)
      }
      return runProjector({ ...options, generation, kpi, snapshots, untilCaughtUp: true, onProgress })
    }).catch((cause: unknown) => {
      if (!(cause instanceof GaveUp)) throw cause
      throw new RebuildFailed(`generation ${generation.name} is not complete: ${cause.message}`, { cause })
    })
    if (end.kind === 'stopped')
      throw new RebuildStopped(
        `generation ${generation.name} is not complete: stopped${reached === undefined ? '' : ` at position ${reached} of ${head}`}; nothing was promoted, and the next rebuild begins anew`,
      )
    if (end.kind === 'refused') throw new RebuildRefused(`generation ${generation.name} is not complete: ${end.reason}`)
    if (end.kind !== 'caught-up')
      throw new RebuildFailed(`generation ${generation.name} is not complete: ${describe(end)}`)
  } finally {
    await snapshots.close()
  }
  const rowsOf = async (name: string): Promise<ReadonlyMap<string, ComparedRow>> => {
    const rows = await latestHeaders(name === generation.name ? kpi : await logs.kpi(name, 'reader'), tenant, name)
    return new Map([...rows].map(([key, row]) => [key, comparedRow(row)]))
  }
  const { intervals, notCompared } = await compareWith(before, generation.name, rowsOf)
  if (options.promote)
    await logs.changingControl(async (control) =>
      promote(control, tenant, await readGenerations(control, tenant), generation.name, new Date(now())),
    )
  return { before, generation, intervals, notCompared, promoted: options.promote }
}

/** A generation whose rows cannot be read any more does not hinder the one that replaces it. */
const compareWith = async (
  before: string | undefined,
  after: string,
  rowsOf: (generation: string) => Promise<ReadonlyMap<string, ComparedRow>>,
): Promise<Pick<RebuildOutcome, 'intervals' | 'notCompared'>> => {
  try {
    const old = before === undefined ? new Map<string, ComparedRow>() : await rowsOf(before)
    return { intervals: compareGenerations(old, await rowsOf(after)), notCompared: undefined }
  } catch (cause) {
    if (!(cause instanceof RowOfUnknownSchema)) throw cause
    return { intervals: [], notCompared: cause.message }
  }
}

const describe = (end: Readonly<{ kind: string; by?: string; reason?: string }>): string =>
  [end.kind, end.by, end.reason].filter(Boolean).join(': ')
