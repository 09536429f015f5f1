import * as E from '../../../domain/either.js'
import { isMultiValued, splits, type Dimension } from '../../../domain/dimensions.js'
import { families } from '../../../domain/family.js'
import { granularities } from '../../../domain/granularity.js'
import type { Kpi } from '../../../domain/kpi.js'
import type { FeedSettings } from '../../config/feeds/feed-schema.js'
import type { LayoutSettings } from '../../config/feeds/column-schema.js'
import type { SettingFault } from '../../config/setting-fault.js'
import { columnOf, type Column } from './column.js'

/** A layout whose columns were checked. */
export type Layout = Readonly<{ settings: LayoutSettings; columns: readonly Column[] }>

/** A feed that was checked: what is read, how it is added up and what is written. */
export type FeedPlan = Readonly<{
  settings: FeedSettings
  by: readonly Dimension[]
  /** By version, ascending. */
  layouts: readonly Layout[]
}>

/** The dimensions of a record. Those that only divide rows further are added over unless they are asked for. */
export const byOf = ({ family, by }: FeedSettings): readonly Dimension[] =>
  by ?? families[family].dimensions.filter((name) => !(splits as readonly string[]).includes(name))

/** Checks a feed. The left says everything that is wrong with it, by the keys below the feed. */
export const planOf = (
  settings: FeedSettings,
  profileKpis: readonly Kpi[],
): E.Either<readonly SettingFault[], FeedPlan> => {
  const by = byOf(settings)
  const faults: SettingFault[] = [...dimensionFaults(settings, by), ...zeroFaults(settings, by)]
  const layouts: Layout[] = []
  settings.layouts.forEach((layout, place) => {
    const path = ['layouts', place] as const
    if (settings.layouts.findIndex(({ version }) => version === layout.version) < place)
      faults.push({ path: [...path, 'version'], message: `two layouts have version ${layout.version}` })
    const columns: Column[] = []
    layout.columns.forEach((column, at) => {
      const checked = columnOf(column, { family: settings.family, by, profileKpis })
      if (E.isRight(checked)) columns.push(checked.right)
      else faults.push({ path: [...path, 'columns', at], message: `${column.name}: ${checked.left}` })
    })
    if (columns.length === layout.columns.length && isAmbiguous(settings, layout, columns))
      faults.push({ path: [...path, 'columns'], message: ambiguous(settings) })
    layouts.push({ settings: layout, columns })
  })
  faults.push(...pushFaults(settings), ...toleranceFaults(settings))
  return faults.length > 0
    ? E.left(faults)
    : E.right({ settings, by, layouts: layouts.sort((a, b) => a.settings.version - b.settings.version) })
}

/** The layout of this version. */
export const layoutOf = ({ layouts }: FeedPlan, version: number): Layout | undefined =>
  layouts.find(({ settings }) => settings.version === version)

const dimensionFaults = (settings: FeedSettings, by: readonly Dimension[]): readonly SettingFault[] => {
  const { family, filter, groups } = settings
  const { dimensions } = families[family]
  const unknown = (names: readonly string[], key: string): readonly SettingFault[] =>
    names
      .filter((name) => !(dimensions as readonly string[]).includes(name))
      .map((name) => ({
        path: [key],
        message: `rows of ${family} have no ${name}; they have ${dimensions.join(', ')}`,
      }))
  const grouped = groups?.dimension
  const twice = groupedTwice(groups?.members ?? {})
  return [
    ...unknown(by, 'by'),
    ...unknown(Object.keys(filter), 'filter'),
    ...(grouped === undefined || by.includes(grouped)
      ? []
      : [{ path: ['groups', 'dimension'], message: `${grouped} is not among the dimensions of by` }]),
    ...(grouped !== undefined && isMultiValued(grouped)
      ? [
          {
            path: ['groups', 'dimension'],
            message: `an interaction counts in each of its values of ${grouped}: added up, it would count twice`,
          },
        ]
      : []),
    ...(twice === undefined
      ? []
      : [{ path: ['groups', 'members'], message: `${twice} is in two groups: it would count in both` }]),
    // An interaction with two skills is in the rows of both.
    ...dimensions
      .filter((name) => isMultiValued(name) && !by.includes(name) && filter[name]?.length !== 1)
      .map((name) => ({
        path: ['by'],
        message: `rows must not be added up over ${name}, in which an interaction counts several times: name it in by, or one value of it in filter`,
      })),
  ]
}

const groupedTwice = (members: Readonly<Record<string, readonly string[]>>): string | undefined => {
  const all = Object.values(members).flat()
  return all.find((id, place) => all.indexOf(id) < place)
}

const zeroFaults = ({ zeros, filter, groups }: FeedSettings, by: readonly Dimension[]): readonly SettingFault[] => {
  const unknown = by.filter((name) => filter[name] === undefined && groups?.dimension !== name)
  return !zeros || unknown.length === 0
    ? []
    : [
        {
          path: ['zeros'],
          message: `who is to have a record with zeros? Name the values of ${unknown.join(' and ')} in filter or groups, or leave ${unknown.join(' and ')} out of by`,
        },
      ]
}

/** In the hour that clocks repeat, two intervals have the same local time. */
const isAmbiguous = ({ zone, interval }: FeedSettings, layout: LayoutSettings, columns: readonly Column[]): boolean =>
  interval !== 'P1D' &&
  zone.offsets.length > 1 &&
  !layout.repeatedHour &&
  columns.some(({ source }) => source.kind === 'instant') &&
  !columns.some(
    ({ source, format = 'utc' }) =>
      (source.kind === 'instant' && (!isPattern(format) || format.includes('XXX'))) ||
      (source.kind === 'interval' && source.of === 'ordinal'),
  )

const isPattern = (format: string): boolean => !['utc', 'local', 'epoch-s', 'epoch-ms'].includes(format)

const ambiguous = ({ zone }: FeedSettings): string =>
  `where the clocks of ${zone.name} are put back, an hour has the same local times twice: write the offset (format: local, or XXX in a pattern), interval.ordinal or UTC beside it, or accept that with repeatedHour: true`

const pushFaults = ({ push, layouts, interval }: FeedSettings): readonly SettingFault[] => {
  if (push === undefined) return []
  const { version, period = interval } = push
  return [
    ...(layouts.some((layout) => layout.version === version)
      ? []
      : [{ path: ['push', 'version'], message: `there is no layout with version ${version}` }]),
    ...(granularities.indexOf(period) < granularities.indexOf(interval)
      ? [{ path: ['push', 'period'], message: `a file of ${period} cannot hold intervals of ${interval}` }]
      : []),
  ]
}

const toleranceFaults = ({ corrections, layouts }: FeedSettings): readonly SettingFault[] => {
  const names = new Set(layouts.flatMap(({ columns }) => columns.map(({ name }) => name)))
  return Object.keys(corrections.tolerances)
    .filter((name) => !names.has(name))
    .map((name) => ({ path: ['corrections', 'tolerances'], message: `no layout has a column ${name}` }))
}
