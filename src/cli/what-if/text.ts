import { becauseTexts, type Because } from '../../app/operations/what-if/because.js'
import type { FamilyTotal, RatedChange } from '../../app/operations/what-if/row-diff.js'
import type { SupposedChange, WhatIf } from '../../app/operations/what-if/what-if.js'
import { families } from '../../domain/family.js'
import type { KpiUnit, Ratio } from '../../domain/kpi.js'
import { metricUnit } from '../../domain/metric.js'
import { printable } from '../../domain/printable.js'
import type { Row } from '../../domain/row.js'
import { valueOf } from '../../domain/row-effect.js'
import type { Zone } from '../../domain/zone.js'
import { countText, durationText, minuteText, percentText } from '../command/figures.js'
import { tableLines, type Cell, type Output } from '../command/table.js'

/** `limit`: changes that are listed; `more` says how to see the others. */
export type WhatIfPrint = Readonly<{ limit: number; more: string; zone: Zone; output: Output }>

/** What a person reads: what was supposed, totals, and the `limit` changes with the largest effects. */
export const whatIfText = (answer: WhatIf, print: WhatIfPrint): readonly string[] => {
  const { zone, output } = print
  const { changes, notDueToIt, totals, hints } = answer
  return [
    ...supposedLines(answer),
    `range: ${rangeText(answer, zone)} (${zone.name}); generation ${answer.generation}`,
    '',
    ...totals.flatMap((total) => totalLines(answer, total, output)),
    ...(totals.length === 0 ? ['no row of this range and scope is there on either side', ''] : []),
    ...changesLines('changes, the largest effect first', answer, changes, print),
    ...reasonLines(changes),
    ...(notDueToIt.length === 0
      ? []
      : changesLines(
          'not due to it: published, and what the rules in force give now (`streamvane rebuild` applies them)',
          answer,
          notDueToIt,
          print,
        )),
    ...hints.map((hint) => `note: ${hint}`),
  ]
}

export const supposedLines = ({ supposed }: Pick<WhatIf, 'supposed'>): readonly string[] =>
  supposed.length === 0
    ? ['nothing is supposed that is not in force already']
    : supposed.map(({ path, old, new: now }) => printable(`${path}: ${plainText(old)} → ${plainText(now)}`))

const plainText = (value: unknown): string =>
  value === null ? 'none' : typeof value === 'string' ? value : JSON.stringify(value)

export const rangeText = ({ scope: { from, to } }: Pick<WhatIf, 'scope'>, zone: Zone): string =>
  `${from === undefined ? 'the beginning' : minuteText(from, zone)} to ${to === undefined ? 'the end' : minuteText(to, zone)}`

const totalLines = (answer: WhatIf, total: FamilyTotal, output: Output): readonly string[] => {
  const { family, granularity, rows, overlaps, kpis } = total
  const head = `${family} ${granularity}: ${countText(rows.changed)} rows changed, ${countText(rows.added)} added, ${countText(rows.removed)} removed, ${countText(rows.same)} the same`
  const shown = kpis.filter((kpi) => kpi.rows > 0)
  if (shown.length === 0) return [head, '']
  const { lines } = tableLines(
    {
      columns: [
        { head: '  KPI, all rows' },
        { head: 'old', align: 'right' },
        { head: 'new', align: 'right' },
        { head: 'rows changed', align: 'right', rank: 1 },
      ],
      rows: shown.map(({ name, old, new: now, rows: changed }) => {
        const unit = answer.definitions.get(name)?.unit ?? 'number'
        return [`  ${name}`, ratioText(old, unit), ratioText(now, unit), countText(changed)]
      }),
    },
    output,
  )
  return [head, ...lines, ...(overlaps ? ['  a contact can count in several of these rows'] : []), '']
}

const changesLines = (
  title: string,
  answer: WhatIf,
  changes: readonly RatedChange[],
  { limit, more: howToSeeMore, zone, output }: WhatIfPrint,
): readonly string[] => {
  if (changes.length === 0) return []
  const { lines } = tableLines(
    {
      columns: [
        { head: 'effect', align: 'right' },
        { head: 'interval' },
        { head: 'row', narrow: 'cut', min: 12 },
        { head: 'what' },
        { head: 'old', align: 'right' },
        { head: 'new', align: 'right' },
      ],
      rows: changes.slice(0, limit).flatMap((change) => changeCells(answer, change, zone)),
    },
    output,
  )
  const more = changes.length - Math.min(limit, changes.length)
  return [`${title}:`, ...lines, ...(more > 0 ? [`${countText(more)} more (${howToSeeMore})`] : []), '']
}

/** A line for each KPI that changed; of a row without any, for each figure. */
const changeCells = (answer: WhatIf, change: RatedChange, zone: Zone): readonly (readonly Cell[])[] => {
  const { row, effect, kind } = change
  const place = [
    countText(Math.round(effect * 10) / 10),
    `${minuteText(row.start, zone)} ${row.granularity}`,
    rowText(answer, row),
  ]
  const lines = changedValues(answer, change)
  const first = kind === 'changed' ? [] : [[kind, '', '']]
  return [...first, ...lines].map((cells, index) => [...(index === 0 ? place : ['', '', '']), ...cells])
}

/** What changed, the old and the new value, as people read them. */
export const changedValues = (
  { definitions }: Pick<WhatIf, 'definitions'>,
  { kpis, figures, serviceTarget }: RatedChange,
): readonly (readonly [what: string, old: string, now: string])[] => [
  ...kpis.map(({ name, old, new: now }): [string, string, string] => {
    const unit = definitions.get(name)?.unit ?? 'number'
    return [name, ratioText(old, unit), ratioText(now, unit)]
  }),
  ...(kpis.length > 0 ? [] : figures).map(({ metric, statistic, old, new: now }): [string, string, string] => {
    const unit = statistic === 'count' ? 'count' : metricUnit(metric)
    return [`${metric}.${statistic}`, numberText(old, unit), numberText(now, unit)]
  }),
  ...(serviceTarget === null
    ? []
    : [
        ['target', numberText(serviceTarget.old, 'share'), numberText(serviceTarget.new, 'share')] as [
          string,
          string,
          string,
        ],
      ]),
]

/** The values of a row's dimensions, queues by their names. */
export const rowText = ({ queues }: Pick<WhatIf, 'queues'>, { family, dimensions }: Row): string =>
  [
    family,
    ...families[family].dimensions.flatMap((name, place) => {
      const value = dimensions[place] ?? null
      if (value === null) return []
      return [name === 'queueId' ? (queues.get(value) ?? value) : value]
    }),
  ].join(' ')

export const ratioText = (ratio: Ratio | null, unit: KpiUnit): string => {
  if (ratio === null) return '-'
  if (unit === 'share' && ratio.denominator !== null) return percentText(ratio.numerator, ratio.denominator)
  return numberText(valueOf(ratio), unit)
}

const numberText = (value: number | null, unit: KpiUnit): string => {
  if (value === null) return '-'
  if (unit === 'ms') return durationText(value)
  return unit === 'share' ? percentText(value, 1) : countText(value)
}

const reasonLines = (changes: readonly SupposedChange[]): readonly string[] => {
  const counts = new Map<string, number>()
  for (const { kind, because } of changes)
    if (because !== null) counts.set(`${kind} ${because}`, (counts.get(`${kind} ${because}`) ?? 0) + 1)
  if (counts.size === 0) return []
  const lines = [...counts].map(([key, count]) => {
    const [kind = '', because = ''] = key.split(' ')
    return `${countText(count)} ${kind}: ${becauseTexts[because as Because]}`
  })
  return [...lines, '']
}
