import type { ColdStore } from '../../../projections/cells/cold-store.js'
import { KpiProjection } from '../../../projections/kpi-projection.js'
import type { ProjectionState } from '../../../projections/projection-state.js'
import { LayeredProjection, type Layer, type Projection } from '../../../projections/layers/layered-projection.js'
import type { Dimension } from '../../../domain/dimensions.js'
import { isInScope, type CellName, type Scope } from '../../scoped/scope.js'
import { layersOf, type Generation, type SavedScope } from '../generations.js'
import { knownAtStart, type Reading } from './known-at-start.js'

/** The projection of a generation: at a saved state, or at the beginning of the raw log. */
export const projectionOf = async (
  reading: Reading,
  { state, coldStore }: Readonly<{ state: ProjectionState | undefined; coldStore: ColdStore }>,
): Promise<Projection> => {
  const { tenant, generation } = reading
  const layers = layersOf(generation)
  const knownTo = async (layer: Generation): Promise<Omit<Layer, 'profile' | 'holds'>> =>
    state === undefined ? knownAtStart({ ...reading, generation: layer }) : {}
  if (layers.length === 1)
    return new KpiProjection(tenant, generation.profile, { state, coldStore, ...(await knownTo(generation)) })
  const known: Layer[] = []
  for (const layer of layers) known.push({ profile: layer.profile, holds: holdsOf(layer), ...(await knownTo(layer)) })
  return new LayeredProjection(tenant, { state, coldStore, layers: known })
}

/** By what a row of a generation is computed: the generation itself, or one below that its rebuild left the row to. */
export const layerOf = (generation: Generation, cell: CellName): Generation =>
  layersOf(generation).findLast((layer) => holdsOf(layer)(cell)) ?? generation

const holdsOf = ({ scoped }: Generation): Layer['holds'] => {
  if (scoped === undefined) return () => true
  const scope = scopeOf(scoped.scope)
  return (cell) => isInScope(scope, cell)
}

/** A scope as it is asked of rows. */
export const scopeOf = ({ families, granularities, from, to, dimensions }: SavedScope): Scope => ({
  ...(families && { families: new Set(families) }),
  ...(granularities && { granularities: new Set(granularities) }),
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
  ...(dimensions && {
    dimensions: Object.fromEntries(
      (Object.entries(dimensions) as [Dimension, readonly (string | null)[]][]).map(
        ([dimension, values]) => [dimension, new Set(values)] as const,
      ),
    ),
  }),
})

/** A scope as JSON holds it. */
export const savedScope = ({ families, granularities, from, to, dimensions = {} }: Scope): SavedScope => {
  const named = Object.entries(dimensions) as [Dimension, ReadonlySet<string | null>][]
  return {
    ...(families && { families: [...families] }),
    ...(granularities && { granularities: [...granularities] }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(named.length > 0 && {
      dimensions: Object.fromEntries(named.map(([dimension, values]) => [dimension, [...values]] as const)),
    }),
  }
}
