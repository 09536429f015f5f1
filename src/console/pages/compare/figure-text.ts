import { clockTime } from '../../format/duration.js'
import { count, NONE, percent } from '../../format/number.js'

const fine = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 3 })

/** A figure in its unit (`share`, `ms`, `count`, `number`): milliseconds as a time, shares in per cent. */
export const figureText = (value: number | null | undefined, unit: string): string => {
  if (value == null) return NONE
  if (unit === 'share') return percent(value)
  if (unit === 'ms') return clockTime(value)
  return unit === 'count' ? count(value) : fine.format(value)
}

/** The unit of a statistic whose figure the catalogue does not name: sums and extremes of metrics are times. */
export const unitOfStatistic = (name: string): string =>
  name.endsWith('.count') || !name.includes('.') ? 'count' : 'ms'
