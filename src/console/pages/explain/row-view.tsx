import type { JSX } from 'preact'
import { State } from '../../components/state.js'
import { Table, type Column } from '../../components/table.js'
import { useZone } from '../../frame/console.js'
import { hrefOf } from '../../frame/route/route.js'
import { Link } from '../../frame/route/router.js'
import { instant, time } from '../../format/instant.js'
import { count } from '../../format/number.js'
import { valueText } from '../figures/figure-value.js'
import { titleOf } from '../figures/family-figures.js'
import type {
  Change,
  Contribution,
  ExplainedKpi,
  ExplainedMeasure,
  HistoryEntry,
  InForce,
  RowExplanation,
} from './answers.js'
import { explainParams, type ExplainQuery } from './explain-query.js'
import { NotCountedView } from './not-counted-view.js'
import { RawView } from './raw-view.js'

type Props = Readonly<{ explained: RowExplanation; query: ExplainQuery }>

/** The explanation of one row. */
export const RowView = ({ explained, query }: Props): JSX.Element => {
  const { row, names, generation, isLatest, foldedThrough, verdict, kpis, measures, contributions, inForce, history } =
    explained
  const zone = useZone()
  const correction = row.correction === undefined ? '' : ` (${row.correction})`
  return (
    <article class="explained" aria-label={row.key}>
      <section class="panel">
        <h2>
          {row.family} {Object.values(names).join(', ')} {instant(row.intervalStart, zone).slice(0, 16)} to{' '}
          {time(row.intervalEnd, zone)} {zone}
        </h2>
        <p class="mono row-key">{row.key}</p>
        <p>
          Generation {generation}, revision {row.revision}
          {isLatest ? ' (the latest)' : ''}, {row.status}
          {correction}. Raw log through position {foldedThrough ?? 'unknown'}.
        </p>
        <Verdict verdict={verdict} />
      </section>
      <div class="kpi-cards">
        {kpis.map((kpi) => (
          <KpiCard key={kpi.name} kpi={kpi} isOnly={kpis.length === 1} />
        ))}
      </div>
      <Section title="What was counted">
        <Table
          caption="What was counted"
          columns={measureColumns}
          rows={measures}
          keyOf={({ metric }) => metric}
          empty="Nothing was counted."
        />
      </Section>
      <Section title={`Points (${count(contributions.length)})`}>
        <Table
          {...{ caption: 'Points', rows: contributions, keyOf: pointKey, hasFilter: contributions.length > 10 }}
          columns={pointColumns(zone, contributions)}
          empty="There are none."
        />
      </Section>
      <NotCountedView notCounted={explained.notCounted} />
      <Section title="In force">
        <Table
          caption="In force"
          columns={inForceColumns(zone)}
          rows={inForce}
          keyOf={({ what, value }) => `${what} ${value}`}
        />
      </Section>
      <Section title={`Revisions (${count(history.length)})`}>
        <Table
          {...{ caption: 'Revisions', rows: history, keyOf: ({ revision }: HistoryEntry) => String(revision) }}
          columns={historyColumns(row.revision, query)}
        />
      </Section>
      {explained.raw !== undefined && <RawView raw={explained.raw} />}
    </article>
  )
}

type SectionProps = Readonly<{ title: string; children: JSX.Element }>

const Section = ({ title, children }: SectionProps): JSX.Element => (
  <section class="panel">
    <h2>{title}</h2>
    {children}
  </section>
)

const Verdict = ({ verdict: { addsUp, differences, notes } }: Pick<RowExplanation, 'verdict'>): JSX.Element => (
  <>
    <p>
      <State tone={addsUp ? 'good' : 'bad'}>
        {addsUp
          ? 'The contributions add up to the published row.'
          : 'The contributions do not add up to the published row.'}
      </State>
    </p>
    {differences.length > 0 && (
      <ul class="plain-list">
        {differences.map((change) => (
          <li key={`${change.figure} ${change.statistic}`}>
            {change.figure} {change.statistic}: published {numberText(change.before)}, contributions give{' '}
            {numberText(change.after)}
          </li>
        ))}
      </ul>
    )}
    {notes.map((note) => (
      <p key={note} class="quiet">
        {note}
      </p>
    ))}
  </>
)

const KpiCard = ({ kpi, isOnly }: Readonly<{ kpi: ExplainedKpi; isOnly: boolean }>): JSX.Element => {
  const { name, unit, doc, formula, withValues, numerator, denominator, value, why } = kpi
  // The formula of an average is this quotient already.
  const isQuotient = denominator === null || withValues === `${numerator} / ${denominator}`
  const terms = isQuotient ? '' : ` = ${numberText(numerator)} / ${numberText(denominator)}`
  return (
    <section class={isOnly ? 'panel kpi-card kpi-only' : 'panel kpi-card'} aria-label={name}>
      <header>
        <h2>{titleOf(name)}</h2>
        <span class="kpi-value" data-kpi={name} data-value={value ?? ''}>
          {value === null ? 'no value' : valueText(value, unit)}
        </span>
      </header>
      <p class="quiet">{value === null ? why : doc}</p>
      <p class="mono formula">{formula}</p>
      <p class="mono formula">
        = {withValues}
        {value === null ? '' : terms}
        {value !== null && unit === 'ms' ? ` = ${numberText(value)} ms` : ''}
      </p>
    </section>
  )
}

const fine = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 3 })
const numberText = (value: number | null): string => (value === null ? 'none' : fine.format(value))

const number = <Row,>(id: string, title: string, value: (row: Row) => number | null): Column<Row> => ({
  ...{ id, title, value, align: 'end' as const },
  cell: (row) => {
    const found = value(row)
    return found === null ? '' : numberText(found)
  },
})

/** Occurrences have no values, and times in a state are no emissions. */
const isOccurrence = ({ metric }: Pick<ExplainedMeasure, 'metric'>): boolean => /^n[A-Z]/.test(metric)

const measureColumns: readonly Column<ExplainedMeasure>[] = [
  { id: 'metric', title: 'Metric', value: ({ metric }) => metric, isHead: true },
  number('count', 'Count', ({ count: of }) => of),
  ...(['sum', 'min', 'max'] as const).map((statistic) =>
    number<ExplainedMeasure>(statistic, `${statistic.charAt(0).toUpperCase()}${statistic.slice(1)}`, (measure) =>
      isOccurrence(measure) ? null : measure[statistic],
    ),
  ),
  { id: 'from', title: 'Made of', value: ({ from }) => from.join(', ') },
  { id: 'doc', title: 'What', value: ({ doc }) => doc, cell: ({ doc }) => <span class="wrap quiet">{doc}</span> },
]

const pointKey = ({ metric, at, event, userId, conversationId }: Contribution): string =>
  [metric, at, event.stream, event.position, userId, conversationId].join(' ')

const pointColumns = (zone: string, all: readonly Contribution[]): readonly Column<Contribution>[] => {
  const isState = all.some(({ until }) => until !== null)
  return [
    {
      ...{ id: 'metric', title: 'Metric', value: ({ metric }) => metric, isHead: true },
      cell: ({ metric, isPending, isShortAbandon }) =>
        `${metric}${isShortAbandon ? ' (short)' : ''}${isPending ? ' (pending)' : ''}`,
    },
    {
      ...{ id: 'at', title: isState ? 'From' : 'At', value: ({ at }) => at },
      cell: ({ at, until }) => `${time(at, zone, true)}${until === null ? '' : `–${time(until, zone, true)}`}`,
    },
    number('value', 'Value', ({ value }) => value),
    {
      ...{ id: 'entity', title: isState ? 'Agent' : 'Conversation' },
      value: ({ conversationId, userId }) => conversationId ?? userId,
      cell: ({ conversationId, userId }) => <span class="mono">{conversationId ?? userId ?? ''}</span>,
    },
    number('position', 'Position', ({ event }) => Number(event.position)),
  ]
}

const inForceColumns = (zone: string): readonly Column<InForce>[] => [
  { id: 'what', title: 'What', value: ({ what }) => what, isHead: true },
  { id: 'value', title: 'Value', value: ({ value }) => value, cell: ({ value }) => <span class="wrap">{value}</span> },
  {
    ...{ id: 'since', title: 'Since', value: ({ since }) => since },
    cell: ({ since }) => (since === null ? 'the beginning' : instant(since, zone)),
  },
  {
    id: 'position',
    title: 'Position',
    align: 'end',
    value: ({ position }) => (position === null ? null : Number(position)),
  },
]

const historyColumns = (shown: number, query: ExplainQuery): readonly Column<HistoryEntry>[] => [
  {
    ...{ id: 'revision', title: 'Revision', align: 'end', isHead: true, value: ({ revision }) => revision },
    cell: ({ revision }) =>
      revision === shown ? (
        <strong aria-current="true">→ {revision}</strong>
      ) : (
        <Link href={hrefOf('explain', explainParams({ ...query, revision }))}>{String(revision)}</Link>
      ),
  },
  { id: 'status', title: 'Status', value: ({ status }) => status },
  { id: 'reason', title: 'Reason', value: ({ reason }) => reason },
  {
    id: 'position',
    title: 'KPI log',
    align: 'end',
    value: ({ position }) => Number(position),
    cell: ({ position }) => position,
  },
  {
    ...{ id: 'foldedThrough', title: 'Raw through', align: 'end' as const },
    value: ({ foldedThrough }) => (foldedThrough === null ? null : Number(foldedThrough)),
    cell: ({ foldedThrough }) => foldedThrough ?? 'unknown',
  },
  {
    ...{ id: 'changes', title: 'Changes', value: ({ changes }) => changes.length },
    cell: ({ changes }) => <Changes changes={changes} />,
  },
]

const CHANGES_MAX = 6

const Changes = ({ changes }: Readonly<{ changes: readonly Change[] }>): JSX.Element =>
  changes.length === 0 ? (
    <span class="quiet">first published, or status alone</span>
  ) : (
    <span class="wrap">
      {changes
        .slice(0, CHANGES_MAX)
        .map(
          ({ figure, statistic, before, after }) =>
            `${figure} ${statistic} ${numberText(before)} → ${numberText(after)}`,
        )
        .join('; ')}
      {changes.length > CHANGES_MAX ? `; and ${changes.length - CHANGES_MAX} more` : ''}
    </span>
  )
