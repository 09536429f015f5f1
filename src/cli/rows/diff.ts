import type { RowsThen } from '../../app/operations/as-of/as-of.js'
import { diffRows, type RatedChange } from '../../app/operations/what-if/row-diff.js'
import { families, type FamilyName } from '../../domain/family.js'
import { builtInKpisOf, type Kpi, type Ratio } from '../../domain/kpi.js'
import type { Profile } from '../../domain/profile.js'
import type { Row } from '../../domain/row.js'
import { kpiDefinitions } from '../../domain/row-effect.js'
import type { Zone } from '../../domain/zone.js'
import { countText, durationText, minuteText, percentText } from '../command/figures.js'
import { printTable } from '../command/table.js'

export type DiffOf = Readonly<{ family: FamilyName; profile: Profile; zone: Zone; json: boolean }>

/** Prints what differs between two states of the same rows, and to stderr how many rows do, which it answers. */
export const printDiff = ({ family, profile, zone, json }: DiffOf, before: RowsThen, after: RowsThen): number => {
  const kpis = [...builtInKpisOf(family), ...profile.kpis]
  const { changes } = diffRows(byKey(before), byKey(after), kpiDefinitions(kpis))
  if (json) for (const change of changes) console.log(JSON.stringify(changeJson(change)))
  else if (changes.length > 0) printChanges(changes, kpis, zone)
  console.error(`${countText(changes.length)} of ${countText(after.rows.length)} rows differ`)
  return changes.length
}

const byKey = ({ rows }: RowsThen): ReadonlyMap<string, Row> => new Map(rows.map(({ row }) => [row.key, row]))

const changeJson = ({ kind, row, kpis, figures, serviceTarget }: RatedChange) => ({
  ...{ kind, key: row.key, intervalStart: new Date(row.start).toISOString(), kpis, figures },
  ...(serviceTarget !== null && { serviceTarget }),
})

/** A row is told by the KPIs that people see differ; where none does, by its figures. */
const printChanges = (changes: readonly RatedChange[], kpis: readonly Kpi[], zone: Zone): void => {
  const units = new Map(kpis.map(({ name, unit }) => [name, unit]))
  printTable({
    columns: [
      { head: 'interval' },
      { head: 'row', narrow: 'cut', min: 12 },
      { head: 'change' },
      { head: 'figure', narrow: 'cut', min: 12 },
      { head: 'old', align: 'right' },
      { head: 'new', align: 'right' },
    ],
    rows: changes.flatMap(({ kind, row, kpis: ofRow, figures }) => {
      const place = [`${minuteText(row.start, zone)} ${row.granularity}`, dimensionsText(row), kind]
      const text = (name: string, ratio: Ratio | null): string => ratioText(ratio, units.get(name))
      const ofKpis = ofRow
        .map(({ name, old, new: now }) => [name, text(name, old), text(name, now)])
        .filter(([, old, now]) => old !== now)
      const ofFigures = figures.map(({ metric, statistic, old, new: now }) => [
        `${metric}.${statistic}`,
        ...[old, now].map((value) => (value === null ? '' : countText(value))),
      ])
      const lines = ofKpis.length > 0 ? ofKpis : ofFigures
      return lines.map((line, index) => [...(index === 0 ? place : ['', '', '']), ...line])
    }),
  })
}

const ratioText = (ratio: Ratio | null, unit: Kpi['unit'] | undefined): string => {
  if (ratio === null) return ''
  const { numerator, denominator } = ratio
  if (unit === 'share') return percentText(numerator, denominator ?? 1)
  const value = denominator === null ? numerator : numerator / denominator
  return unit === 'ms' ? durationText(value) : countText(value)
}

const dimensionsText = (row: Row): string =>
  families[row.family].dimensions.flatMap((_, place) => row.dimensions[place] ?? []).join(' ')
