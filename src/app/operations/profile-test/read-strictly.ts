import type { z } from 'zod'
import { nearNames } from '../../../domain/near-names.js'

/** Gathers what is wrong with a file, each with its place. */
export type Problems = (place: string, message: string) => void

type Shape = Readonly<Record<string, unknown>>

/**
 * Reads a value by a strict schema of a mapping. Unknown keys are told with near ones; everything that is wrong is told,
 * not just the first. `undefined` if anything is.
 */
export const readStrictly = <S extends z.ZodType & Readonly<{ shape: Shape }>>(
  schema: S,
  value: unknown,
  place: string,
  problem: Problems,
): z.infer<S> | undefined => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) {
    const at = [place, ...issue.path.map(String)].filter((part) => part !== '').join('.')
    if (issue.code === 'unrecognized_keys' && issue.path.length === 0)
      for (const key of issue.keys) problem(place, unknownKey(key, Object.keys(schema.shape)))
    else if (issue.code === 'unrecognized_keys') problem(at, `there is no ${issue.keys.join(', ')}`)
    else problem(at, issue.message.replace(/^Invalid input: /, ''))
  }
  return undefined
}

/** What to say of a name that is none of the known ones. */
export const unknownKey = (key: string, known: readonly string[]): string => {
  const near = nearNames(key, known)
  return `there is no ${key}; ${near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`}`
}
