import { isMultiValued } from '../../domain/dimensions.js'
import { families, type FamilyName } from '../../domain/family.js'
import type { Row } from '../../domain/row.js'

/** Why adding these rows would count something twice, with what would help; `undefined` if they may be added. */
export const whyNoTotals = (family: FamilyName, rows: readonly Row[]): string | undefined => {
  const [first] = rows
  if (rows.some(({ granularity }) => granularity !== first?.granularity))
    return 'intervals of several lengths overlap: --granularity chooses one'
  const { dimensions } = families[family]
  const several = dimensions.find(
    (dimension, place) =>
      (isMultiValued(dimension) || dimension === 'stateKind') &&
      rows.some((row) => row.dimensions[place] !== first?.dimensions[place]),
  )
  if (several === undefined) return undefined
  return several === 'stateKind'
    ? 'states of several kinds overlap: --where stateKind=routingStatus chooses one'
    : `what has several values of ${several} counts in each: --where ${several}=… chooses one`
}
