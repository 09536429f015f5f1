import * as E from 'fp-ts/lib/Either.js'
import { statistics, type Statistic } from './aggregates.js'

/** How far two figures of a statistic may lie apart: so many units, or a share of what Genesys says. */
type Limit = Readonly<{ units: number } | { share: number }>

/** Limits by metric and statistic; metric `*` stands for all that are not named. What is not said is 0. */
export type Tolerance = ReadonlyMap<string, ReadonlyMap<Statistic, Limit>>

export const noTolerance: Tolerance = new Map()

/**
 * Reads `tHandle=count:0,sum:500`, `*=sum:0.1%`; the left says what is wrong with the text. Later ones win over earlier
 * ones.
 */
export const parseTolerance = (texts: readonly string[]): E.Either<string, Tolerance> => {
  const tolerance = new Map<string, Map<Statistic, Limit>>()
  for (const text of texts) {
    const [metric = '', limits, ...more] = text.split('=')
    if (metric === '' || limits === undefined || more.length > 0)
      return E.left(`${text} is not metric=statistic:limit, such as tHandle=count:0,sum:500`)
    const ofMetric = tolerance.get(metric) ?? new Map<Statistic, Limit>()
    tolerance.set(metric, ofMetric)
    for (const each of limits.split(',')) {
      const [name = '', limit = ''] = each.split(':')
      const statistic = statistics.find((known) => known === name)
      if (statistic === undefined)
        return E.left(`${text}: there is no statistic ${name}; there are ${statistics.join(', ')}`)
      const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(limit) ?? []
      if (number === undefined)
        return E.left(`${text}: ${limit === '' ? 'no limit' : limit} is not a number or a percentage`)
      ofMetric.set(statistic, percent === '%' ? { share: Number(number) / 100 } : { units: Number(number) })
    }
  }
  return E.right(tolerance)
}

export const isTolerated = (
  tolerance: Tolerance,
  metric: string,
  statistic: Statistic,
  theirs: number,
  ours: number,
): boolean => {
  const limit = tolerance.get(metric)?.get(statistic) ?? tolerance.get('*')?.get(statistic)
  if (limit === undefined) return false
  const apart = Math.abs(theirs - ours)
  return 'units' in limit ? apart <= limit.units : apart <= limit.share * Math.abs(theirs)
}
