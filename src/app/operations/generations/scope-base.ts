import type { Profile } from '../../../domain/profile.js'
import { readClock } from '../../../ingress/clock.js'
import type { EventLog } from '../../../log/event-log.js'
import { layersOf, PROJECTION_VERSION, type Generations } from '../../pipeline/generations.js'
import { configurationIn } from '../../pipeline/projector/known-at-start.js'
import { RebuildRefused } from './catch-up.js'

/** What the profiles of all rows of a generation have in common: how time is cut, when it closes, where points come from. */
const common = ['points', 'intervalMs', 'rollUps', 'zone', 'graceMs'] as const

type ScopeOf = Readonly<{ raw: EventLog; tenant: string; profile: Profile }>

/**
 * The generation that a rebuild in part leaves the other rows to: the live one, which is folded again beside the new
 * rows and goes on with them. Throws `RebuildRefused` where it would not come out as it was, or could not go in step.
 */
export const scopeBase = async (state: Generations, { raw, tenant, profile }: ScopeOf): Promise<string> => {
  const base = state.live === undefined ? undefined : state.all[state.live]
  if (base === undefined) throw refused('there is no live generation whose other rows could stay')
  if (base.projectionVersion !== PROJECTION_VERSION)
    throw refused(
      `${base.name} was computed by version ${base.projectionVersion} of the projection and this is version ${PROJECTION_VERSION}`,
    )
  for (const each of common)
    if (JSON.stringify(base.profile[each]) !== JSON.stringify(profile[each]))
      throw refused(`the profile has another ${each} than that of ${base.name}, and both must close in step`)
  const [bottom] = layersOf(base)
  const from = BigInt(bottom?.historyThrough ?? -1)
  for await (const { kind, position } of readClock(raw, tenant))
    if (kind === 'take-back' && position > from)
      throw refused(`the clock was taken back since ${bottom?.name} began, which the new rows know from the start`)
  for await (const { facts, position } of configurationIn({ raw, tenant }))
    if (position > from && facts.some(({ type }) => type === 'StreamErased'))
      throw refused(`events were erased since ${bottom?.name} began, which its rows still hold`)
  return base.name
}

const refused = (why: string): RebuildRefused =>
  new RebuildRefused(`a rebuild in part is not possible: ${why}. Rebuild without a scope`)
