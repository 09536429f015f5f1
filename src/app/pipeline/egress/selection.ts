import type { StoredKpiEvent } from '../../../contract/kpi-stream/stored.js'
import type { RowHeader } from '../../../contract/row-header.js'
import type { FamilyName } from '../../../domain/family.js'
import type { Granularity } from '../../../domain/granularity.js'
import { intervalName } from '../../../domain/interval-complete.js'
import { unreachable } from '../../../domain/unreachable.js'
import type { Progress, RowFilter } from '../../../egress/sink.js'

/** What a filter asks of an event. A marker of an interval has a family and a granularity and is no provisional row. */
export type Selectable = Readonly<{
  family?: FamilyName
  granularity?: Granularity
  isProvisional: boolean
  /** What later events with the same name replace; absent: nothing replaces it. */
  replaces?: string
}>

export const selectableOf = (stored: StoredKpiEvent): Selectable => {
  switch (stored.kind) {
    case 'row':
      return selectableRow(stored.header)
    case 'interval-complete': {
      const { family, granularity } = stored.marker
      return { family, granularity, isProvisional: false, replaces: `${stored.kind}/${intervalName(stored.marker)}` }
    }
    case 'left':
      return { isProvisional: false }
    default:
      return unreachable(stored)
  }
}

export const selectableRow = ({ family, granularity, status, key }: RowHeader): Selectable => ({
  family,
  granularity,
  isProvisional: status === 'provisional',
  replaces: key,
})

export const passes = (
  { families, granularities, only }: RowFilter,
  { family, granularity, isProvisional }: Omit<Selectable, 'replaces'>,
): boolean =>
  (families === undefined || family === undefined || families.includes(family)) &&
  (granularities === undefined || granularity === undefined || granularities.includes(granularity)) &&
  !(only === 'final' && isProvisional)

export const isEverything = ({ families, granularities, only }: RowFilter): boolean =>
  families === undefined && granularities === undefined && only === undefined

/** Whether `now` lets anything pass that `before` left out. */
export const isWider = (now: RowFilter, before: RowFilter): boolean =>
  !isWithin(now.families, before.families) ||
  !isWithin(now.granularities, before.granularities) ||
  (before.only === 'final' && now.only !== 'final')

const isWithin = <A>(inner: readonly A[] | undefined, outer: readonly A[] | undefined): boolean =>
  outer === undefined || (inner?.every((each) => outer.includes(each)) ?? false)

/** A filter in words, in the terms of the configuration. */
export const filterText = ({ families, granularities, only }: RowFilter): string =>
  [
    ...(families === undefined ? [] : [`families ${families.join(', ')}`]),
    ...(granularities === undefined ? [] : [`granularities ${granularities.join(', ')}`]),
    ...(only === undefined ? [] : ['only final']),
  ].join('; ') || 'everything'

/** What an operator is told where the filter is another one than before; `undefined` where it is the same. */
export const filterChange = (
  sink: string,
  progress: Progress | undefined,
  now: RowFilter,
): Readonly<{ isWider: boolean; text: string }> | undefined => {
  if (progress === undefined) return undefined
  const before = progress.filter ?? {}
  const change = `egress ${sink}: the filter was changed from ${filterText(before)} to ${filterText(now)}`
  if (isWider(now, before))
    return {
      isWider: true,
      text:
        `${change}: rows that it left out through revision ${progress.revision} of ${progress.generation} are not ` +
        `published by themselves; publish them with \`streamvane replay --sink ${sink} --from … --to …\``,
    }
  return isWider(before, now) ? { isWider: false, text: `${change}: rows that were published stay` } : undefined
}
