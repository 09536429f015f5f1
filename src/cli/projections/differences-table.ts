import type { DifferenceCounts } from '../../app/operations/generations/row-differences.js'
import { countText } from '../command/figures.js'
import { printTable } from '../command/table.js'

/** Prints how many rows differ, by family. */
export const printDifferences = (differences: readonly DifferenceCounts[]): void => {
  const right = 'right' as const
  printTable({
    columns: [
      { head: 'family' },
      { head: 'changed', align: right },
      { head: 'added', align: right },
      { head: 'withdrawn', align: right },
      { head: 'the same', align: right },
    ],
    rows: differences.map(({ family, ...counts }) => [family, ...cells(counts)]),
    totals: ['', ...cells(totalsOf(differences))],
  })
}

type Counts = Omit<DifferenceCounts, 'family'>

const cells = ({ changed, added, withdrawn, same }: Counts): readonly string[] =>
  [changed, added, withdrawn, same].map(countText)

const totalsOf = (differences: readonly DifferenceCounts[]): Counts =>
  differences.reduce(
    (sum: Counts, each) => ({
      changed: sum.changed + each.changed,
      added: sum.added + each.added,
      withdrawn: sum.withdrawn + each.withdrawn,
      same: sum.same + each.same,
    }),
    { changed: 0, added: 0, withdrawn: 0, same: 0 },
  )
