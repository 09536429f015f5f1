import { RowOfUnknownSchema } from '../../../contract/kpi-stream/stored.js'
import type { Profile } from '../../../domain/profile.js'
import {
  promote,
  PROJECTION_VERSION,
  readGenerations,
  startGeneration,
  type Generation,
  type Generations,
  type PublishMode,
  type SavedScope,
  type Told,
} from '../../pipeline/generations.js'
import { rawLogIdOf } from '../../pipeline/projector/checkpoint-check.js'
import type { RowsOf } from '../../row-index/row-index.js'
import { chosenGeneration, UnknownGeneration } from '../computed.js'
import { catchUp, RebuildRefused, type CatchUpOptions } from './catch-up.js'
import { compareStored, type IntervalComparison } from './compare-generations.js'
import { proveOutside, type OutsideProof } from './outside-proof.js'
import { scopeBase } from './scope-base.js'
import { phaseOf, positionOf } from './generation-status.js'

export { RebuildFailed, RebuildRefused, RebuildStopped } from './catch-up.js'

export type RebuildOptions = CatchUpOptions &
  Readonly<{
    /** By what the new generation computes; one that is resumed keeps its own. */
    profile: Profile
    /** Recompute only these rows; the others stay those of the live generation. Default all. */
    scope?: SavedScope | undefined
    /** Go on with this generation, which is not complete, instead of starting one. `true`: the last that is not. */
    resume?: string | true | undefined
    promote: boolean
    /** What the egress publishes of the promoted generation. Default all. */
    publish?: PublishMode
    told?: Told
    /** Is told the generation before work on it begins. */
    onGeneration?: (generation: Generation) => void
  }>

export type RebuildOutcome = Readonly<{
  before: string | undefined
  generation: Generation
  /** All intervals of either generation, equal ones too. */
  intervals: readonly IntervalComparison[]
  /** Why the two generations could not be compared: rows of the one before have a schema that is not known any more. */
  notCompared: string | undefined
  /** Of a rebuild in part: the proof that the rows out of its scope are those of the generation below. */
  outside: OutsideProof | undefined
  promoted: boolean
}>

/**
 * Computes a new generation from the whole raw log beside the live one, or goes on with one whose rebuild was cut short,
 * and compares the two per interval. `promote` switches the egress, and the projector of a running process, to the new
 * one.
 */
export const rebuild = async (options: RebuildOptions): Promise<RebuildOutcome> => {
  const { logs, tenant, data, now, publish, told } = options
  const { before, generation } = await (options.resume === undefined ? started(options) : resumed(options))
  options.onGeneration?.(generation)
  await catchUp(options, generation)
  const rowsOf = async (name: string): Promise<RowsOf> => {
    const kpi = await logs.kpi(name, 'reader')
    return { kpi, tenant, generation: name, data }
  }
  const outside = await proveOutside(logs, tenant, generation)
  const { intervals, notCompared } = await compareWith(before, generation.name, rowsOf)
  if (options.promote)
    await logs.changingControl(async (control) =>
      promote(control, tenant, await readGenerations(control, tenant), generation.name, new Date(now()), publish, told),
    )
  return { before, generation, intervals, notCompared, outside, promoted: options.promote }
}

type Begun = Readonly<{ before: string | undefined; generation: Generation }>

const started = ({ logs, tenant, profile, now, raw, told, scope }: RebuildOptions): Promise<Begun> =>
  logs.changingControl(async (control) => {
    const state = await readGenerations(control, tenant)
    const [head, id] = [await raw.head(), await rawLogIdOf(raw)]
    const scoped = scope && { base: await scopeBase(state, { raw, tenant, profile }), scope }
    const begun = await startGeneration(control, tenant, state, profile, head, new Date(now()), id, told, scoped)
    return { before: state.live, generation: begun.generation }
  })

const resumed = async ({ logs, tenant, resume }: RebuildOptions): Promise<Begun> => {
  const state = await readGenerations(await logs.control('reader'), tenant)
  const generation =
    resume === true ? await lastIncomplete(state, logs, tenant) : chosenGeneration(state, resume, tenant)
  if (generation.name === state.live)
    throw new RebuildRefused(`generation ${generation.name} is live: a running projector goes on with it`)
  if (generation.projectionVersion !== PROJECTION_VERSION)
    throw new RebuildRefused(
      `generation ${generation.name} was begun by version ${generation.projectionVersion} of the projection and this is version ${PROJECTION_VERSION}: \`streamvane projections rebuild\` begins a new one`,
    )
  return { before: state.live, generation }
}

const lastIncomplete = async (
  state: Generations,
  logs: RebuildOptions['logs'],
  tenant: string,
): Promise<Generation> => {
  for (const generation of Object.values(state.all).reverse())
    if (phaseOf(state, generation, await positionOf(logs, tenant, generation.name)) === 'incomplete') return generation
  throw new UnknownGeneration(
    'no rebuild was cut short, so there is nothing to resume; `streamvane projections list` shows all generations',
  )
}

/** A generation whose rows cannot be read any more does not hinder the one that replaces it. */
const compareWith = async (
  before: string | undefined,
  after: string,
  rowsOf: (generation: string) => Promise<RowsOf>,
): Promise<Pick<RebuildOutcome, 'intervals' | 'notCompared'>> => {
  try {
    const old = before === undefined ? undefined : await rowsOf(before)
    return { intervals: await compareStored(old, await rowsOf(after)), notCompared: undefined }
  } catch (cause) {
    if (!(cause instanceof RowOfUnknownSchema)) throw cause
    return { intervals: [], notCompared: cause.message }
  }
}
