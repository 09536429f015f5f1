import { Names, rowNames } from '../../app/names.js'
import type { FamilyName } from '../../domain/family.js'
import { builtInKpisOf, type Kpi } from '../../domain/kpi.js'
import type { Profile } from '../../domain/profile.js'
import type { Row } from '../../domain/row.js'
import type { Zone } from '../../domain/zone.js'
import type { EventLog } from '../../log/event-log.js'
import { printTable, printText } from '../command/table.js'
import { columnsOf, namedColumns } from './catalogue.js'
import type { Shown } from './column.js'
import { csvHeader, csvRow } from './csv.js'
import { csvColumnNames } from './default-columns.js'
import { printEach, type Rows } from './print-json.js'
import { rowTable } from './row-table.js'

/** Prints the columns that rows of a family can have. */
export const printColumns = (family: FamilyName, kpis: readonly Kpi[]): void =>
  printTable({
    columns: [{ head: 'column' }, { head: 'what', narrow: 'wrap', min: 20 }],
    rows: [...columnsOf(family, kpis).values()].map(({ name, doc }) => [name, doc]),
  })

/** The log that has the names of what rows are about; without one, in an archived copy, nothing has a name. */
type NamesIn = Readonly<{ raw: EventLog | undefined; tenant: string }>

/**
 * Prints rows of a family for people, or as CSV; both answer how many there were. `asked`: the names of the columns.
 * Throws `UsageError` where there is none of a name.
 */
export const rowPrinter = (family: FamilyName, profile: Profile, asked: readonly string[] | undefined) => {
  const all = columnsOf(family, profile.kpis)
  const columns = asked === undefined ? undefined : namedColumns(all, family, asked)
  const ownKpis = profile.kpis.filter((kpi) => kpi.families.includes(family)).map(({ name }) => name)
  const kpis = [...builtInKpisOf(family).map(({ name }) => name), ...ownKpis]
  return {
    asCsv: (rows: Rows, { raw, tenant }: NamesIn): Promise<number> => {
      const printed = columns ?? csvColumnNames(family, kpis).map((name) => all.get(name)!)
      const names = new Names(raw, tenant)
      process.stdout.write(csvHeader(printed))
      return printEach(rows, async (row) => csvRow(printed, await withNames(row, names)))
    },
    asTable: async (
      rows: Rows,
      { raw, tenant }: NamesIn,
      { zone, isWide }: Readonly<{ zone: Zone; isWide: boolean }>,
    ): Promise<number> => {
      const names = new Names(raw, tenant)
      const shown: Shown[] = []
      for await (const window of rows) for (const row of window) shown.push(await withNames(row, names))
      if (shown.length === 0) return 0
      const choice =
        columns === undefined ? ({ kind: isWide ? 'wide' : 'default' } as const) : ({ kind: 'named', columns } as const)
      const { above, table, below } = rowTable({ ...{ family, all, zone, ownKpis, kpis }, choice }, shown)
      console.log(above)
      printTable(table, '--wide shows all, --columns chooses')
      for (const line of below) printText(line)
      return shown.length
    },
  }
}

const withNames = async (row: Row, names: Names): Promise<Shown> => ({ row, names: await rowNames(names, row) })
