import { flatMeasuresOf, offsetsOf } from '../../src/domain/flat-measures.js'
import { kpisOf } from '../../src/domain/flat-row.js'
import { ratiosOf, type CompiledKpis } from '../../src/domain/kpi.js'
import type { Row } from '../../src/domain/row.js'

/** The KPIs that measures give, as a row tells them. */
export const kpiValues = (kpis: CompiledKpis, measures: Row['measures']): Row['kpis'] => {
  const { places, numbers } = flatMeasuresOf(measures)
  return kpisOf({ kpiNames: kpis.map(({ name }) => name), ratios: ratiosOf(kpis, offsetsOf(places), numbers) })
}
