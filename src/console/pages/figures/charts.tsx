import type { ChartConfiguration } from 'chart.js'
import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { Table, type Column } from '../../components/table.js'
import type { Figure, FigureItem, FigureValue } from './answers.js'
import { ChartCanvas, type Palette } from './chart-canvas.js'
import { interactionsChart, serviceLevelChart, timesChart, type LabelOf } from './chart-config.js'
import { titleOf, type ChartFigure } from './family-figures.js'
import { numberOf, valueText } from './figure-value.js'
import { seriesOf, totalsOf, type SeriesPoint } from './series.js'
import { interactionsText, serviceLevelText, timesText } from './series-text.js'

type Props = Readonly<{
  /** The rows that the table shows. */
  items: readonly FigureItem[]
  columns: readonly string[]
  figures: ReadonlyMap<string, Figure>
  /** Of the charts, those that the family has. */
  shown: readonly ChartFigure[]
  labelOf: LabelOf
}>

/** The shown rows as charts, each with its figures in words and as a table. */
export const Charts = ({ items, columns, figures, shown, labelOf }: Props): JSX.Element | null => {
  const has = useMemo(() => new Set(shown), [shown])
  const { points, totals } = useMemo(() => {
    const of = { columns, wanted: shown, figures }
    return { points: seriesOf(items, of), totals: totalsOf(items, of) }
  }, [items, columns, shown, figures])
  const drawn = useMemo(() => ({ points, labelOf }), [points, labelOf])
  const configs = useMemo(
    () => ({
      interactions: interactionsChart(drawn, has),
      serviceLevel: serviceLevelChart(drawn),
      times: timesChart(drawn, has),
    }),
    [drawn, has],
  )
  if (points.length === 0) return null
  const counts = shown.filter((name) => name.endsWith('.count'))
  const times = shown.filter((name) => name === 'asa' || name === 'aht')
  return (
    <div class="charts">
      {counts.length > 0 && (
        <ChartFigureView
          {...{ title: 'Interactions', configOf: configs.interactions, names: counts, points, figures, labelOf }}
          text={interactionsText(points, totals, labelOf)}
        />
      )}
      {has.has('serviceLevel') && (
        <ChartFigureView
          {...{
            title: 'Service level',
            configOf: configs.serviceLevel,
            names: ['serviceLevel'],
            points,
            figures,
            labelOf,
          }}
          text={serviceLevelText(points, totals, labelOf)}
        />
      )}
      {times.length > 0 && (
        <ChartFigureView
          {...{
            title: 'Speed of answer and handle time',
            configOf: configs.times,
            names: times,
            points,
            figures,
            labelOf,
          }}
          text={timesText(points, totals, labelOf)}
        />
      )}
    </div>
  )
}

type ViewProps = Readonly<{
  title: string
  text: string
  configOf: (palette: Palette) => ChartConfiguration
  names: readonly string[]
  points: readonly SeriesPoint[]
  figures: ReadonlyMap<string, Figure>
  labelOf: LabelOf
}>

const ChartFigureView = ({ title, text, configOf, names, points, figures, labelOf }: ViewProps): JSX.Element => {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <figure class="panel chart">
      <figcaption>
        <h2>{title}</h2>
        <p class="quiet">{text}</p>
      </figcaption>
      <ChartCanvas label={`${title}. ${text}`} configOf={configOf} />
      <details open={isOpen} onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
        <summary>As a table</summary>
        {isOpen && <PointsTable {...{ title, names, points, figures, labelOf }} />}
      </details>
    </figure>
  )
}

type PointsProps = Pick<ViewProps, 'title' | 'names' | 'points' | 'figures' | 'labelOf'>

const PointsTable = ({ title, names, points, figures, labelOf }: PointsProps): JSX.Element => {
  const all: readonly Column<SeriesPoint>[] = [
    { id: 'interval', title: 'Interval', value: ({ start }) => start, cell: labelOf, isHead: true },
    ...names.map((name): Column<SeriesPoint> => ({
      ...{ id: name, title: titleOf(name), align: 'end' },
      value: ({ values }) => numberOf(values[name]),
      cell: ({ values }) => textOf(values[name], figures.get(name)),
    })),
    ...(names.includes('serviceLevel')
      ? [
          {
            ...{ id: 'target', title: 'Target', align: 'end' as const },
            value: ({ targets }: SeriesPoint) => targets[0],
            cell: ({ targets }: SeriesPoint) =>
              targets.length === 0 ? '–' : targets.map((target) => valueText(target, 'share')).join(', '),
          },
        ]
      : []),
    {
      ...{ id: 'status', title: 'Status' },
      value: ({ isProvisional, corrections, rows }) =>
        rows === 0
          ? 'no rows'
          : isProvisional
            ? 'provisional'
            : corrections.length > 0
              ? `corrected: ${corrections.join(', ')}`
              : 'final',
    },
  ]
  return <Table caption={`${title} by interval`} columns={all} rows={points} keyOf={({ start }) => String(start)} />
}

const textOf = (value: FigureValue | undefined, figure: Figure | undefined): string => {
  const number = numberOf(value)
  return number === null ? '–' : valueText(number, figure?.unit ?? 'number')
}
