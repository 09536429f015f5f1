import type { Fact } from '../../src/domain/fact.js'
import type { Profile } from '../../src/domain/profile.js'
import type { Row } from '../../src/domain/row.js'
import { KpiProjection } from '../../src/projections/kpi-projection.js'
import type { ProjectionOptions } from '../../src/projections/projection-options.js'
import type { Refusal } from '../../src/projections/lateness.js'
import { jsonColdStore } from './json-cold-store.js'
import { rowsIn } from './kpi-events.js'

/**
 * The rows of a projection that gives them out and spills its state after each cut (a number of facts). With `restarts`
 * it is made anew from that state each time. `refusals`: why facts were not counted.
 */
export const restartedFold = (
  facts: readonly Fact[],
  profile: Profile,
  cuts: readonly number[],
  restarts: boolean,
  options: Pick<ProjectionOptions, 'inHistory'> = {},
): Readonly<{ rows: readonly Row[]; refusals: readonly Refusal[] }> => {
  const refusals: Refusal[] = []
  const coldStore = jsonColdStore()
  let projection = new KpiProjection('acme', profile, { coldStore, ...options })
  const rows = facts.flatMap((fact, index) => {
    const refusal = projection.apply(fact)
    if (refusal !== undefined) refusals.push(refusal)
    if (!cuts.includes(index + 1)) return []
    const drained = rowsIn(projection.drainEvents())
    const state = projection.save()
    coldStore.put(state.spilled)
    projection.saved()
    if (restarts)
      projection = new KpiProjection('acme', profile, {
        coldStore,
        state: JSON.parse(JSON.stringify({ ...state, spilled: [] })) as typeof state,
      })
    return drained
  })
  return { rows: [...rows, ...rowsIn(projection.drainEvents())], refusals }
}
