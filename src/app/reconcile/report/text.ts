import Table from 'cli-table3'
import { reasonClasses, reasonTexts, type Difference } from '../reasons/finding.js'
import type { ReconcileReport } from './report.js'

const EXAMPLES_MAX = 5

/** Renders the report for a terminal: totals, then at most `limit` differences, then what was not compared. */
export const reconcileText = (report: ReconcileReport, limit: number): string =>
  printable(
    [
      summary(report),
      totals(report),
      quarantined(report, limit),
      differences(report, limit),
      serviceLevel(report),
      coverage(report),
    ]
      .filter((part) => part !== '')
      .join('\n\n'),
  )

const summary = ({
  figures,
  quarantined: rows,
  responses,
  generation,
  coverage: { groups },
}: ReconcileReport): string =>
  `${figures.compared} figures of ${groups.compared} groups compared with generation ${generation} (${responses} ${responses === 1 ? 'answer' : 'answers'}): ${figures.equal} equal, ${figures.tolerated} within tolerance, ${figures.different} different; ${rows.length} source rows contradict themselves`

const table = (
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  colAligns: readonly ('left' | 'right')[] = [],
): string => {
  const made = new Table({ head: [...head], colAligns: [...colAligns], style: { head: [], border: [], compact: true } })
  made.push(...rows.map((row) => [...row]))
  return made.toString()
}

const totals = ({ totals: byClass }: ReconcileReport): string => {
  const rows = reasonClasses.flatMap((reason) =>
    Object.entries(byClass[reason]?.metrics ?? {}).map(([metric, { figures, count, sum }]) => [
      reason,
      metric,
      figures,
      signed(count),
      signed(sum),
    ]),
  )
  if (rows.length === 0) return ''
  const present = reasonClasses.filter((reason) => byClass[reason] !== undefined)
  const meaning = present.map((reason) => `${reason}: ${reasonTexts[reason]}`).join('\n')
  return `${table(['reason', 'metric', 'figures', 'count, net', 'sum, net'], rows, ['left', 'left', 'right', 'right', 'right'])}\n${meaning}`
}

const quarantined = ({ quarantined: rows }: ReconcileReport, limit: number): string =>
  rows.length === 0
    ? ''
    : [
        'source rows that contradict themselves, not compared:',
        ...rows
          .slice(0, limit)
          .flatMap(({ group, interval, broken }) => [
            `  ${groupText(group)} ${intervalText(interval)}`,
            ...broken.map(({ metric, identity }) => `    ${metric}: ${identity}`),
          ]),
        ...more(rows.length - limit),
      ].join('\n')

const differences = ({ differences: all }: ReconcileReport, limit: number): string => {
  if (all.length === 0 || limit === 0) return ''
  const lines = all
    .slice(0, limit)
    .flatMap((difference) => [
      `  ${groupText(difference.group)} ${intervalText(difference.interval)} ${difference.metric}${difference.qualifier === null ? '' : ` ${difference.qualifier}`}: ${statisticsText(difference)}`,
      `    ${difference.class}: ${difference.because}`,
    ])
  return ['differences (theirs, ours, theirs − ours):', ...lines, ...more(all.length - limit)].join('\n')
}

const statisticsText = ({ statistics }: Difference): string =>
  statistics
    .map(({ statistic, theirs, ours, difference }) => `${statistic} ${theirs}, ${ours}, ${signed(difference)}`)
    .join('; ')

const serviceLevel = ({ serviceLevel: { figures, explainedBy }, totals: byClass }: ReconcileReport): string =>
  byClass.rule?.metrics['oServiceLevel'] === undefined
    ? ''
    : [
        `of their ${figures} service levels are explained by`,
        ...explainedBy.slice(0, EXAMPLES_MAX).map(({ rule, figures: fitting }) => `  ${fitting} ${rule}`),
      ].join('\n')

const coverage = ({ coverage: { groups, withoutRows, uncovered, notCompared, notes } }: ReconcileReport): string =>
  [
    ...notes.map((note) => `note: ${note}`),
    ...(groups.compared < groups.theirs
      ? [`${groups.theirs - groups.compared} of their ${groups.theirs} groups could not be compared`]
      : []),
    ...notCompared.map(({ why, what, times }) => `not compared: ${why} (${times}: ${what}${times > 1 ? ', …' : ''})`),
    ...listed('groups of theirs of which we have no row', withoutRows.map(groupText)),
    ...listed(
      'groups of ours that theirs does not mention (--complete makes differences of them)',
      uncovered.map(({ group, family, rows }) => `${groupText(group)} (${rows} of family ${family})`),
    ),
  ].join('\n')

const listed = (title: string, items: readonly string[]): readonly string[] =>
  items.length === 0
    ? []
    : [
        `${items.length} ${title}:`,
        ...items.slice(0, EXAMPLES_MAX).map((item) => `  ${item}`),
        ...more(items.length - EXAMPLES_MAX),
      ]

const more = (count: number): readonly string[] => (count > 0 ? [`  ${count} more: --json and --html hold all`] : [])

const groupText = (group: Readonly<Record<string, string>>): string =>
  Object.entries(group)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ') || 'all'

const intervalText = ({ start, end }: Readonly<{ start: number; end: number }>): string =>
  `${instant(start)}/${instant(end)}`
const instant = (at: number): string => new Date(at).toISOString().replace(/(:00)?\.000Z$/, 'Z')
const signed = (value: number): string => (value > 0 ? `+${value}` : String(value))

/** Replaces control characters: ids come from outside and must not control the terminal. */
const printable = (text: string): string =>
  text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
