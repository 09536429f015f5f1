import type {
  Contribution,
  ExplainedKpi,
  Explanation,
  NotCounted,
  NotCountedReason,
  RowExplanation,
} from '../app/operations/explain/explanation.js'
import type { KpiUnit } from '../domain/kpi.js'
import { isMetricName, metricUnit } from '../domain/metric.js'
import { printable } from '../domain/printable.js'
import type { Zone } from '../domain/zone.js'
import { styled } from './command/color.js'
import { countText, durationText, minuteText, secondText } from './command/figures.js'
import { tableLines, type Output, type Table } from './command/table.js'
import { wrap } from './command/text-width.js'

/** How an explanation is printed. `limit`: contributions and points not counted that are listed; 0: all. */
export type ExplainPrint = Readonly<{ output: Output; zone: Zone; limit: number }>

/** An explanation for people. */
export const explanationText = ({ rows }: Explanation, print: ExplainPrint): string =>
  rows.map((row) => rowText(row, print)).join('\n\n')

const rowText = (explained: RowExplanation, print: ExplainPrint): string =>
  [
    headLines(explained, print),
    explained.kpis.flatMap((kpi) => kpiLines(kpi, print)),
    ['', ...section('what was counted', print), ...contributionLines(explained, print)],
    notCountedLines(explained, print),
    ['', ...section('in force', print), ...inForceLines(explained, print)],
    ['', ...section('history of the row', print), ...historyLines(explained, print)],
    ['', ...verdictLines(explained, print)],
    rawLines(explained, print),
  ]
    .flat()
    .join('\n')

const section = (title: string, { output }: ExplainPrint): readonly string[] => [styled(title, 'bold', output.color)]

const headLines = (explained: RowExplanation, { output, zone }: ExplainPrint): readonly string[] => {
  const { row, generation, names, foldedThrough, isLatest } = explained
  const [from, to] = [Date.parse(row.intervalStart), Date.parse(row.intervalEnd)]
  const head = `${row.family} ${Object.values(names).join(', ')} ${minuteText(from, zone)} to ${minuteText(to, zone)} ${zone.name}`
  const correction = row.correction === undefined ? '' : ` (${row.correction})`
  const rest = [
    `row ${row.key}`,
    `generation ${generation}, revision ${row.revision}${isLatest ? ' (the latest)' : ''}, ${row.status}${correction}; raw log through position ${foldedThrough ?? 'unknown'}`,
  ]
  return [
    ...wrapped(head.replaceAll(/ {2,}/g, ' '), output).map((line) => styled(line, 'bold', output.color)),
    ...rest.flatMap((line) => wrapped(line, output)),
  ]
}

const kpiLines = (kpi: ExplainedKpi, { output }: ExplainPrint): readonly string[] => {
  const { name, unit, formula, withValues, numerator, denominator, value, why } = kpi
  const terms = denominator === null ? '' : ` = ${numberText(numerator ?? 0)} / ${numberText(denominator)}`
  return [
    '',
    ...wrapped(`${name}  ${value === null ? `no value: ${why ?? ''}` : valueText(value, unit)}`, output).map(
      (line, index) => (index === 0 ? line.replace(name, styled(name, 'bold', output.color)) : line),
    ),
    ...wrapped(formula, output, 2),
    ...wrapped(`= ${withValues}${value === null ? '' : terms}`, output, 2),
  ]
}

const valueText = (value: number, unit: KpiUnit): string => {
  if (unit === 'share') return `${(100 * value).toFixed(1)} %`
  if (unit === 'ms') return `${durationText(value)} (${numberText(value)} ms)`
  return numberText(value)
}

const numberText = (value: number): string => countText(value)

/** The sums by metric, then what they are made of. */
const contributionLines = (
  { measures, contributions }: RowExplanation,
  { output, zone, limit }: ExplainPrint,
): readonly string[] => {
  if (contributions.length === 0) return ['nothing']
  const isState = contributions.some(({ until }) => until !== null)
  const right = (head: string) => ({ head, align: 'right' as const })
  const sums: Table = {
    columns: [
      { head: 'metric' },
      right('count'),
      right('sum'),
      right('min'),
      right('max'),
      { head: 'of', narrow: 'cut' },
    ],
    rows: measures.map(({ metric, count, sum, min, max, from }) => {
      const isCount = isMetricName(metric) && metricUnit(metric) === 'count'
      const figures = isState || isCount ? ['', ''] : [numberText(min), numberText(max)]
      return [...[metric, isState ? '' : String(count), isCount ? '' : numberText(sum)], ...figures, from.join(', ')]
    }),
  }
  const shown = limit === 0 ? contributions : contributions.slice(0, limit)
  const points: Table = {
    columns: [
      { head: 'metric' },
      { head: isState ? 'from' : 'at' },
      right('value'),
      { head: isState ? 'agent' : 'conversation', narrow: 'cut' },
      right('position'),
    ],
    rows: shown.map((one) => [
      `${one.metric}${noteOf(one)}`,
      `${secondText(Date.parse(one.at), zone).slice(11)}${one.until === null ? '' : `–${secondText(Date.parse(one.until), zone).slice(11)}`}`,
      numberText(one.value),
      one.conversationId ?? one.userId ?? '',
      one.event.position,
    ]),
  }
  return [
    ...tableLines(sums, output).lines,
    '',
    ...tableLines(points, output).lines,
    ...more(contributions.length - shown.length, output),
  ]
}

const more = (left: number, output: Output): readonly string[] =>
  left > 0 ? [styled(`… and ${countText(left)} more: --limit 0 prints all, --json has all`, 'dim', output.color)] : []

const noteOf = ({ isPending, isShortAbandon }: Contribution): string =>
  `${isShortAbandon ? ' (short)' : ''}${isPending ? ' (pending)' : ''}`

const reasonTexts: Readonly<Record<NotCountedReason, string>> = {
  'too-late': 'too late',
  'too-early': 'stamped ahead',
  contradictory: 'contradictory',
  'taken-back': 'taken back',
  erased: 'erased',
  undecodable: 'undecodable',
  'other-interval': 'other interval',
  'other-queue': 'other queue',
  'other-row': 'other row',
  'other-source': 'other source',
}

const notCountedLines = ({ notCounted }: RowExplanation, print: ExplainPrint): readonly string[] => {
  const { output, zone, limit } = print
  const counts = new Map<NotCountedReason, number>()
  for (const { reason, count } of notCounted) counts.set(reason, (counts.get(reason) ?? 0) + count)
  const sums = [...counts].map(([reason, count]) => `${reasonTexts[reason]} ${countText(count)}`)
  const shown = limit === 0 ? notCounted : byImportance(notCounted).slice(0, limit)
  const table: Table = {
    columns: [
      { head: 'reason' },
      { head: 'metric', narrow: 'cut' },
      { head: 'at' },
      { head: 'conversation', narrow: 'cut' },
      { head: 'because', narrow: 'wrap' },
    ],
    rows: shown.map(({ reason, metric, value, at, conversationId, count, detail }) => [
      reasonTexts[reason],
      `${metric ?? ''}${value === null ? '' : ` ${numberText(value)}`}${count === 1 ? '' : ` × ${count}`}`,
      at === null ? '' : secondText(Date.parse(at), zone).slice(5),
      conversationId ?? '',
      detail,
    ]),
  }
  return [
    '',
    ...section('what was not counted', print),
    ...wrapped(
      `${sums.length === 0 ? 'nothing else was found' : sums.join(', ')}. An event that was delivered again is stored once, and counts once.`,
      output,
    ),
    ...(shown.length === 0 ? [] : tableLines(table, output).lines),
    ...more(notCounted.length - shown.length, output),
  ]
}

/** Points of other rows come last: there are many of them, and nothing is wrong with them. */
const byImportance = (all: readonly NotCounted[]): readonly NotCounted[] => {
  const isElsewhere = ({ reason }: NotCounted): boolean => reason.startsWith('other-')
  return [...all.filter((one) => !isElsewhere(one)), ...all.filter(isElsewhere)]
}

const inForceLines = ({ inForce }: RowExplanation, { output, zone }: ExplainPrint): readonly string[] =>
  tableLines(
    {
      columns: [
        { head: 'what' },
        { head: 'value', narrow: 'wrap' },
        { head: 'since' },
        { head: 'position', align: 'right' },
      ],
      rows: inForce.map(({ what, value, since, position }) => [
        what,
        value,
        since === null ? 'the beginning' : minuteText(Date.parse(since), zone),
        position ?? '',
      ]),
    },
    output,
  ).lines

const historyLines = ({ history, row }: RowExplanation, { output }: ExplainPrint): readonly string[] =>
  tableLines(
    {
      columns: [
        { head: 'rev', align: 'right' },
        { head: 'status' },
        { head: 'reason' },
        { head: 'KPI log', align: 'right' },
        { head: 'raw through', align: 'right' },
        { head: 'changes', narrow: 'wrap' },
      ],
      rows: history.map(({ revision, status, reason, position, foldedThrough, changes }, index) => [
        `${revision === row.revision ? '→ ' : ''}${revision}`,
        status,
        reason,
        position,
        foldedThrough ?? '',
        index === 0 ? 'first published' : changes.length === 0 ? 'no figure' : changesText(changes),
      ]),
    },
    output,
  ).lines

const CHANGES_MAX = 4

const changesText = (changes: RowExplanation['history'][number]['changes']): string => {
  const told = changes
    .slice(0, CHANGES_MAX)
    .map(({ figure, statistic, before, after }) => `${figure}.${statistic} ${before ?? '-'} → ${after ?? '-'}`)
  return `${told.join(', ')}${changes.length > CHANGES_MAX ? `, and ${changes.length - CHANGES_MAX} more` : ''}`
}

const verdictLines = ({ verdict }: RowExplanation, { output }: ExplainPrint): readonly string[] => [
  verdict.addsUp
    ? styled('The contributions add up to the published row.', 'green', output.color)
    : styled('The contributions do NOT add up to the published row:', 'red', output.color),
  ...verdict.differences.map(
    ({ figure, statistic, before, after }) =>
      `  ${figure}.${statistic}: published ${before ?? '-'}, contributions give ${after ?? '-'}`,
  ),
  ...verdict.notes.flatMap((note) => wrapped(note, output)),
]

const rawLines = ({ raw }: RowExplanation, print: ExplainPrint): readonly string[] =>
  raw === undefined
    ? []
    : [
        '',
        ...section('raw events as they were received', print),
        ...raw.flatMap(({ position, stream, type, receivedAt, data }) => [
          printable(`${position}  ${stream}  ${type}${receivedAt === null ? '' : `  received ${receivedAt}`}`),
          `  ${printable(data)}`,
        ]),
      ]

const wrapped = (text: string, { width }: Output, indent = 0): readonly string[] =>
  wrap(printable(text), width === undefined ? Infinity : width - indent).map((line) => ' '.repeat(indent) + line)
