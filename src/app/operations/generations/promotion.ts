import {
  liveBefore,
  promote,
  PROJECTION_VERSION,
  readGenerations,
  type Generation,
  type Generations,
  type PublishMode,
  type Told,
} from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { chosenGeneration, computedGenerations } from '../computed.js'
import { catchUp, type CatchUpOptions } from './catch-up.js'
import { phaseOf, positionOf } from './generation-status.js'
import { differencesBetween, type DifferenceCounts } from './row-differences.js'

/** The generation cannot become live. Nothing was changed. */
export class PromotionRefused extends Error {
  override readonly name = 'PromotionRefused'
}

/** What a promotion would do. */
export type PromotionPlan = Readonly<{
  from: string | undefined
  to: Generation
  /** Rows, per family, that differ between what both hold now; the tail that the other has to catch up with is left out. */
  differences: readonly DifferenceCounts[]
}>

type Wanted = Readonly<{ logs: Logs; tenant: string }>

/**
 * What the promotion of a generation would do. It must be complete: what is promoted is what was reviewed, not what is
 * computed later. Throws `PromotionRefused`, `UnknownGeneration`, `NoGeneration`.
 */
export const planPromotion = async ({ logs, tenant }: Wanted, name: string): Promise<PromotionPlan> => {
  const state = await computedGenerations(logs, tenant)
  const to = chosenGeneration(state, name, tenant)
  await assertPromotable(state, to, logs, tenant)
  const differences = state.live === undefined ? [] : await differencesBetween(logs, tenant, state.live, to.name)
  return { from: state.live, to, differences }
}

/** The generation that a rollback makes live again: by default the one that was live before. */
export const rollbackTarget = async ({ logs, tenant }: Wanted, name: string | undefined): Promise<string> => {
  const state = await computedGenerations(logs, tenant)
  const before = name ?? liveBefore(state)
  if (before === undefined)
    throw new PromotionRefused(
      `there is no generation to go back to: ${state.live ?? 'none'} is the only one that was ever live, or those before it were retired`,
    )
  if (!state.promoted.some((each) => each.name === before) && Object.hasOwn(state.all, before))
    throw new PromotionRefused(
      `generation ${before} was never live: \`streamvane projections promote ${before}\` makes it live`,
    )
  return before
}

/** How long a projector is waited for that was on this generation until a moment ago, and is about to leave it. */
const LOCK_WAIT_MAX_MS = 45_000

export type PromoteOptions = CatchUpOptions & Readonly<{ name: string; publish: PublishMode; told: Told }>

export type PromotionOutcome = Readonly<{ from: string | undefined; to: Generation; promotion: number }>

/**
 * Makes a generation live: folds what came since it was worked on last, then switches. The stream runs meanwhile; the
 * projector of a running process goes on with it where this left off, and the egress publishes it, or what differs.
 */
export const promoteGeneration = async (options: PromoteOptions): Promise<PromotionOutcome> => {
  const { logs, tenant, name, publish, told, now } = options
  const state = await computedGenerations(logs, tenant)
  const to = chosenGeneration(state, name, tenant)
  await assertPromotable(state, to, logs, tenant)
  await catchUp(options, to, LOCK_WAIT_MAX_MS)
  const after = await logs.changingControl(async (control) => {
    const current = await readGenerations(control, tenant)
    if (Object.hasOwn(current.retired, name))
      throw new PromotionRefused(`generation ${name} was retired meanwhile: its rows are deleted`)
    return promote(control, tenant, current, name, new Date(now()), publish, told)
  })
  return { from: state.live, to, promotion: after.promotions }
}

const assertPromotable = async (
  state: Generations,
  generation: Generation,
  logs: Logs,
  tenant: string,
): Promise<void> => {
  const { name, projectionVersion } = generation
  if (name === state.live) throw new PromotionRefused(`generation ${name} is live already`)
  if (projectionVersion !== PROJECTION_VERSION)
    throw new PromotionRefused(
      `generation ${name} was computed by version ${projectionVersion} of the projection and this is version ${PROJECTION_VERSION}, which cannot go on with it: run that version, or \`streamvane projections rebuild\``,
    )
  if (phaseOf(state, generation, await positionOf(logs, tenant, name)) === 'incomplete')
    throw new PromotionRefused(
      `generation ${name} is not complete: \`streamvane projections rebuild --resume ${name}\` goes on with it`,
    )
}
