import { clockTime } from '../../format/duration.js'
import { count, percent } from '../../format/number.js'
import type { Figure, FigureValue, Joining, Unit } from './answers.js'

/** The value itself; null where nothing was counted, or there is nothing to divide by. */
export const numberOf = (value: FigureValue | undefined): number | null => {
  if (value == null) return null
  if (typeof value === 'number') return value
  return value[1] === 0 ? null : value[0] / value[1]
}

/**
 * Several figures as one. Ratios are divided after their terms are added, never before. Quantiles cannot be joined: of
 * several there is none.
 */
export const joined = (values: readonly FigureValue[], joining: Joining): FigureValue => {
  const some = values.filter((value) => value !== null)
  if (some.length === 0) return null
  const numbers = some.filter((value) => typeof value === 'number')
  switch (joining) {
    case 'sum':
      return numbers.reduce((sum, value) => sum + value, 0)
    case 'min':
      return numbers.reduce((least, value) => Math.min(least, value), Infinity)
    case 'max':
      return numbers.reduce((most, value) => Math.max(most, value), -Infinity)
    case 'quantile':
      return values.length === 1 ? (values[0] as FigureValue) : null
    case 'ratio': {
      const terms = some.filter((value) => typeof value !== 'number')
      return terms.reduce<readonly [number, number]>(([a, b], [n, d]) => [a + n, b + d], [0, 0])
    }
  }
}

const fine = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 2 })

/** A value in its unit: `81.3 %`, `02:05`, `1,204`, `2.5`. */
export const valueText = (value: number, unit: Unit): string => {
  switch (unit) {
    case 'share':
      return percent(value)
    case 'ms':
      return clockTime(value)
    case 'count':
      return Number.isInteger(value) ? count(value) : fine.format(value)
    case 'number':
      return fine.format(value)
  }
}

/** A value as it is, for who wants to know exactly: `12,345 ms`, `33 / 40`. */
export const exactText = (value: FigureValue, unit: Unit): string => {
  if (value === null) return ''
  const own = unit === 'ms' ? ' ms' : ''
  if (typeof value === 'number') return `${fine.format(value)}${own}`
  return `${fine.format(value[0])}${own} / ${fine.format(value[1])}`
}

/**
 * What a cell of the table says. `zero`: nothing was emitted, which counts as none. `none`: there is no value, and why.
 * `not-computed`: the profile, or Genesys, gives no such figure for these rows, whatever happened.
 */
export type CellText = Readonly<{ kind: 'value' | 'zero' | 'none' | 'not-computed'; text: string; why: string }>

export const cellText = (value: FigureValue, { unit, joining, isOn, note, formula }: CellFigure): CellText => {
  const number = numberOf(value)
  if (number !== null) return { kind: 'value', text: valueText(number, unit), why: exactText(value, unit) }
  if (!isOn || note !== null) return { kind: 'not-computed', text: 'n/c', why: `not computed: ${notComputedWhy(note)}` }
  if (unit === 'count' && joining === 'sum') return { kind: 'zero', text: '0', why: 'nothing was counted' }
  const isRatio = joining === 'ratio' || value !== null
  return {
    kind: 'none',
    text: '–',
    why: isRatio ? `no value: ${formula} divides by 0` : 'no value: nothing was counted',
  }
}

type CellFigure = Pick<Figure, 'unit' | 'joining' | 'isOn' | 'note' | 'formula'>

export const notComputedWhy = (note: string | null): string => note ?? 'the profile in force does not ask for it'
