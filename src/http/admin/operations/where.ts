import { families, type FamilyName } from '../../../domain/family.js'
import type { Row } from '../../../domain/row.js'
import { ProblemError } from '../answers/problem.js'

/** A test of rows by `dimension=value`. Throws `ProblemError` for a dimension that the family does not have. */
export const dimensionFilter = (name: FamilyName, where: string | undefined): ((row: Row) => boolean) => {
  if (where === undefined) return () => true
  const [, dimension = '', value] = /^(\w+)=(.*)$/s.exec(where) ?? []
  const { dimensions } = families[name]
  const place = (dimensions as readonly string[]).indexOf(dimension)
  if (place < 0)
    throw new ProblemError(
      'not-valid',
      `where: rows of ${name} have no ${dimension}; they have ${dimensions.join(', ')}`,
    )
  return (row) => row.dimensions[place] === value
}
