import { rowName, type Mismatch } from './match.js'

/** What is wrong, in lines: the row, then what was expected and what it was. */
export const mismatchLines = (mismatch: Mismatch): readonly string[] => {
  switch (mismatch.kind) {
    case 'missing':
      return [
        'there is no such row',
        ...(mismatch.near.length === 0
          ? ['there is no row of this family at all']
          : ['rows of this family:', ...mismatch.near.map((row) => `  ${row}`)]),
      ]
    case 'ambiguous':
      return ['several rows match; name more dimensions:', ...mismatch.rows.map((row) => `  ${row}`)]
    case 'unexpected':
      return [`${rowName(mismatch.row)} should be absent`]
    case 'different':
      return [
        rowName(mismatch.row),
        ...mismatch.differences.map(
          ({ what, expected, actual }) => `  ${what}: expected ${expected}, was ${actual ?? 'nothing'}`,
        ),
      ]
  }
}
