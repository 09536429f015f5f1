import { z } from 'zod'
import type { Scope } from '../../../app/scoped/scope.js'
import type { Dimension } from '../../../domain/dimensions.js'
import { families, familyNames, type FamilyName } from '../../../domain/family.js'
import type { Granularity } from '../../../domain/granularity.js'
import { ProblemError } from '../answers/problem.js'

/** Dimensions as they are asked for: `{ "queueId": "…" }`; `-` is none. */
export const dimensions = z
  .record(z.string(), z.string())
  .default({})
  .describe('only these values of dimensions; - is none')

/** As pairs. Throws `ProblemError` for a dimension that none of the families has. */
export const pairsOf = (
  wanted: Readonly<Record<string, string>>,
  of: readonly FamilyName[],
): readonly (readonly [Dimension, string])[] => {
  const known = [...new Set(of.flatMap((name) => families[name].dimensions))] as readonly string[]
  return Object.entries(wanted).map(([name, value]) => {
    if (known.includes(name)) return [name as Dimension, value]
    throw new ProblemError('not-valid', `dimensions: there is no ${name}; there are ${known.join(', ')}`)
  })
}

type AskedScope = Readonly<{
  families?: readonly FamilyName[] | undefined
  granularity?: Granularity | undefined
  from?: number | undefined
  to?: number | undefined
  dimensions: Readonly<Record<string, string>>
}>

/** The rows that are asked for. Throws `ProblemError` for an unknown dimension. */
export const scopeOf = ({ families: names, granularity, from, to, dimensions: wanted }: AskedScope): Scope => ({
  ...{ from, to },
  ...(names === undefined ? {} : { families: new Set(names) }),
  ...(granularity === undefined ? {} : { granularities: new Set([granularity]) }),
  dimensions: Object.fromEntries(
    pairsOf(wanted, names ?? familyNames).map(([name, value]) => [name, new Set([value === '-' ? null : value])]),
  ),
})
