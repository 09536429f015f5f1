import type { Figure } from './answers.js'

/** The figures that a family begins with, by what supervisors look at first. Those that it does not have are left out. */
const first: readonly string[] = [
  ...['nOffered.count', 'tAnswered.count', 'tAbandon.count', 'tFlowOut.count'],
  ...['serviceLevel', 'asa', 'aht', 'abandonRate', 'occupancy'],
  ...['averageTalk', 'averageHold', 'averageAcw', 'tHandle.count'],
  ...['nFlow.count', 'averageFlowTime', 'nFlowOutcome.count', 'flowOutcomeSuccess'],
]

const FIRST_MAX = 9

/** The columns of the table where nobody has chosen others. */
export const firstColumns = (figures: readonly Figure[]): readonly string[] => {
  const computed = figures.filter(({ isOn, note }) => isOn && note === null)
  const known = new Map(computed.map((figure) => [figure.name, figure]))
  const found = first.filter((name) => known.has(name))
  return (found.length > 0 ? found : computed.map(({ name }) => name)).slice(0, FIRST_MAX)
}

/** What charts are made of. */
export const chartFigures = [
  ...(['nOffered.count', 'tAnswered.count', 'tAbandon.count', 'tFlowOut.count'] as const),
  ...(['serviceLevel', 'asa', 'aht'] as const),
] as const

export type ChartFigure = (typeof chartFigures)[number]

/** Of these, what the rows of the family carry. */
export const chartFiguresOf = (figures: readonly Figure[]): readonly ChartFigure[] => {
  const known = new Set(figures.filter(({ isOn, note }) => isOn && note === null).map(({ name }) => name))
  return chartFigures.filter((name) => known.has(name))
}

/** The columns that are asked of the API: those of the table, then those of the charts. */
export const askedColumns = (columns: readonly string[], charts: readonly string[]): readonly string[] => [
  ...new Set([...columns, ...charts]),
]

const titles: Readonly<Record<string, string>> = {
  ...{ 'nOffered.count': 'Offered', 'tAnswered.count': 'Answered', 'tAbandon.count': 'Abandoned' },
  ...{
    'tFlowOut.count': 'Flowed out',
    'tHandle.count': 'Handled',
    serviceLevel: 'Service level',
    asa: 'ASA',
    aht: 'AHT',
  },
  ...{ abandonRate: 'Abandon rate', answerRate: 'Answer rate', flowOutRate: 'Flow-out rate', occupancy: 'Occupancy' },
  ...{ averageWait: 'Average wait', averageAbandonTime: 'Average abandon time', averageTalk: 'Average talk' },
  ...{ averageHold: 'Average hold', averageAcw: 'Average ACW', transferRate: 'Transfer rate' },
  ...{ averageFlowTime: 'Average flow time', flowOutcomeSuccess: 'Outcome success', 'nFlow.count': 'Flows' },
}

/** A name as a supervisor reads it; of a figure that has no such name the one of Genesys: `tHeld.max`. */
export const titleOf = (name: string): string => titles[name] ?? name
