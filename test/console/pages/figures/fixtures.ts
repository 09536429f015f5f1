import type { Figure, FigureItem, FigureValue } from '../../../../src/console/pages/figures/answers.js'

export const figure = (name: string, more: Partial<Figure> = {}): Figure => ({
  ...{ name, unit: 'count', formula: name, doc: `${name}.`, joining: 'sum', isOn: true, note: null },
  ...more,
})

export const columns = ['nOffered.count', 'serviceLevel', 'tAnswered.max', 'tAnswered.p90'] as const

export const figures: ReadonlyMap<string, Figure> = new Map(
  [
    figure('nOffered.count'),
    figure('serviceLevel', { unit: 'share', joining: 'ratio', formula: 'a / b' }),
    figure('tAnswered.max', { unit: 'ms', joining: 'max' }),
    figure('tAnswered.p90', { unit: 'ms', joining: 'quantile' }),
  ].map((each) => [each.name, each]),
)

export const at = (quarter: number): string => new Date(Date.UTC(2026, 0, 5, 8, 15 * quarter)).toISOString()

/** A row of `columns`, of a queue and a quarter of an hour. */
export const item = (
  queue: string,
  quarter: number,
  values: readonly FigureValue[],
  more: Partial<FigureItem> = {},
): FigureItem => ({
  ...{ key: `queue/${queue}/voice/-/-/PT15M/${at(quarter)}`, dimensions: [queue, 'voice', null, null] },
  ...{ intervalStart: at(quarter), intervalEnd: at(quarter + 1), status: 'final', corrections: [] },
  ...{ revision: 1, rows: 1, isEmpty: false, erased: 0, serviceTarget: 0.8, values },
  ...more,
})
