import type { ChartConfiguration, ChartDataset, TooltipItem } from 'chart.js'
import type { Unit } from './answers.js'
import type { Palette } from './chart-canvas.js'
import { titleOf, type ChartFigure } from './family-figures.js'
import { numberOf, valueText } from './figure-value.js'
import { targetAt, type SeriesPoint } from './series.js'

/** The label of an interval on the axis. A sign says what a colour must not say alone. */
export type LabelOf = (point: SeriesPoint) => string

const signed = (point: SeriesPoint, labelOf: LabelOf): string =>
  `${labelOf(point)}${point.isProvisional ? ' ◐' : ''}${point.corrections.length > 0 ? ' ✎' : ''}`

const statusText = ({ isProvisional, corrections, rows }: SeriesPoint): string =>
  rows === 0
    ? 'no rows'
    : [
        isProvisional ? 'provisional: still filling' : '',
        corrections.length > 0 ? `corrected (${corrections.join(', ')})` : '',
      ]
        .filter(Boolean)
        .join(', ')

type Drawn = Readonly<{ points: readonly SeriesPoint[]; labelOf: LabelOf }>

const base = (
  { points, labelOf }: Drawn,
  palette: Palette,
  unit: Unit,
  datasets: ChartDataset<'bar' | 'line', (number | null)[]>[],
  isStacked: boolean,
): ChartConfiguration => {
  const ticks = { color: palette['text-quiet'], font: { size: 11 } }
  const valueOf = (value: number | string): string => valueText(Number(value), unit)
  return {
    type: 'bar',
    data: { labels: points.map((point) => signed(point, labelOf)), datasets: datasets },
    options: {
      ...{ responsive: true, maintainAspectRatio: false, animation: false, normalized: true },
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: { stacked: isStacked, ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 16 }, grid: { display: false } },
        y: {
          ...{ stacked: isStacked, beginAtZero: true, ...(unit === 'share' ? { suggestedMax: 1 } : {}) },
          ticks: { ...ticks, maxTicksLimit: 6, callback: valueOf, ...(unit === 'count' ? { precision: 0 } : {}) },
          grid: { color: palette.line },
        },
      },
      plugins: {
        legend: {
          position: 'bottom',
          labels: { color: palette.text, boxWidth: 14, boxHeight: 10, font: { size: 12 } },
        },
        tooltip: {
          callbacks: {
            label: ({ dataset, parsed }: TooltipItem<'bar' | 'line'>) =>
              `${dataset.label ?? ''}: ${parsed.y === null ? '–' : valueOf(parsed.y)}`,
            footer: ([item]: readonly TooltipItem<'bar' | 'line'>[]) => {
              const point = item === undefined ? undefined : points[item.dataIndex]
              return point === undefined ? '' : statusText(point)
            },
          },
        },
      },
    },
  }
}

const valuesOf = (points: readonly SeriesPoint[], name: ChartFigure): (number | null)[] =>
  points.map(({ values }) => numberOf(values[name]))

/** What was offered, beside what became of it: answered, abandoned and flowed out, stacked. */
export const interactionsChart = (
  drawn: Drawn,
  shown: ReadonlySet<ChartFigure>,
): ((palette: Palette) => ChartConfiguration) => {
  const { points } = drawn
  return (palette) => {
    const bars = [
      ['nOffered.count', 'offered', (colour: string) => colour, palette['text-quiet']],
      ['tAnswered.count', 'became', (colour: string) => colour, palette['series-1']],
      ['tAbandon.count', 'became', striped, palette['series-3']],
      ['tFlowOut.count', 'became', dotted, palette['series-4']],
    ] as const
    const datasets = bars
      .filter(([name]) => shown.has(name))
      .map(([name, stack, fill, colour]) => ({
        ...{ label: titleOf(name), data: valuesOf(points, name), stack },
        // What is still filling is drawn in outline.
        backgroundColor: points.map(({ isProvisional }) => (isProvisional ? 'transparent' : fill(colour))),
        ...{ borderColor: colour, borderWidth: points.length > 400 ? 0 : 1, borderSkipped: false },
      }))
    return base(drawn, palette, 'count', datasets, true)
  }
}

/** Lines, dashed where the interval is still filling. */
const lineOf = (
  points: readonly SeriesPoint[],
  name: ChartFigure,
  colour: string,
  pointStyle: 'circle' | 'rect',
): ChartDataset<'line', (number | null)[]> => ({
  ...{ type: 'line', label: titleOf(name), data: valuesOf(points, name), pointStyle },
  ...{ borderColor: colour, backgroundColor: colour, borderWidth: 2, pointRadius: points.length > 100 ? 0 : 2.5 },
  segment: { borderDash: ({ p1DataIndex }) => (points[p1DataIndex]?.isProvisional === true ? [4, 4] : undefined) },
})

/** The service level with its target, where an interval has one. */
export const serviceLevelChart = (drawn: Drawn): ((palette: Palette) => ChartConfiguration) => {
  const { points } = drawn
  const targets = points.map((point) => targetAt(point) ?? null)
  return (palette) => {
    const level = lineOf(points, 'serviceLevel', palette['series-1'], 'circle')
    const goal: ChartDataset<'line', (number | null)[]> = {
      ...{ type: 'line', label: 'Target', data: targets },
      ...{ borderColor: palette['series-3'], backgroundColor: palette['series-3'], borderWidth: 1.5 },
      ...{ borderDash: [8, 4], pointRadius: 0 },
    }
    return base(drawn, palette, 'share', targets.some((target) => target !== null) ? [level, goal] : [level], false)
  }
}

/** Average speed of answer and average handle time, each on an axis of its own: one is many times the other. */
export const timesChart = (
  drawn: Drawn,
  shown: ReadonlySet<ChartFigure>,
): ((palette: Palette) => ChartConfiguration) => {
  return (palette) => {
    const asa = lineOf(drawn.points, 'asa', palette['series-1'], 'circle')
    const aht = {
      ...lineOf(drawn.points, 'aht', palette['series-5'], 'rect'),
      yAxisID: shown.has('asa') ? 'right' : 'y',
    }
    const config = base(
      drawn,
      palette,
      'ms',
      [...(shown.has('asa') ? [asa] : []), ...(shown.has('aht') ? [aht] : [])],
      false,
    )
    if (!shown.has('asa') || !shown.has('aht')) return config
    const scales = config.options?.scales ?? {}
    const titled = (text: string) => ({ title: { display: true, text, color: palette['text-quiet'] } })
    const right = { ...scales['y'], ...titled(titleOf('aht')), position: 'right', grid: { display: false } }
    config.options = {
      ...config.options,
      scales: { ...scales, y: { ...scales['y'], ...titled(titleOf('asa')) }, right } as never,
    }
    return config
  }
}

/** Fills that differ by more than colour. */
const filled = (colour: string, draw: (context: CanvasRenderingContext2D) => void): CanvasPattern | string => {
  const tile = document.createElement('canvas')
  tile.width = tile.height = 6
  const context = tile.getContext('2d')
  if (context === null) return colour
  ;[context.strokeStyle, context.fillStyle, context.lineWidth] = [colour, colour, 2]
  draw(context)
  return context.createPattern(tile, 'repeat') ?? colour
}

const striped = (colour: string): CanvasPattern | string =>
  filled(colour, (context) => {
    context.beginPath()
    for (const at of [-6, 0, 6]) {
      context.moveTo(at, 6)
      context.lineTo(at + 6, 0)
    }
    context.stroke()
  })

const dotted = (colour: string): CanvasPattern | string =>
  filled(colour, (context) => {
    for (const [x, y] of [
      [1, 1],
      [4, 4],
    ] as const)
      context.fillRect(x, y, 2, 2)
  })
