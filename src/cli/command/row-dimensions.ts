import { families, type FamilyName } from '../../domain/family.js'
import type { Dimension } from '../../domain/dimensions.js'
import { nearNames } from '../../domain/near-names.js'
import type { Row } from '../../domain/row.js'
import { UsageError } from './exit.js'

/** A value that a dimension must have: one of `values`, which are several if objects share a name. */
export type WantedDimension = Readonly<{ name: Dimension; place: number; said: string; values: readonly string[] }>

/** Names by dimension and id, of the dimensions that are looked for. */
export type KnownNames = ReadonlyMap<Dimension, ReadonlyMap<string, string>>

/** Required values of dimensions. What has a name may be named instead of its id. Throws `UsageError`. */
export const wantedDimensions = (
  family: FamilyName,
  wanted: readonly (readonly [name: string, value: string])[],
  names: KnownNames,
): readonly WantedDimension[] =>
  wanted.map(([name, said]) => {
    const { dimensions } = families[family]
    const place = dimensions.indexOf(name as Dimension)
    if (place < 0) throw new UsageError(`rows of family ${family} have no ${name}; they have ${dimensions.join(', ')}`)
    const own = names.get(name as Dimension)
    const named = own === undefined || own.has(said) ? [] : idsOf(own, said)
    return { name: name as Dimension, place, said, values: named.length === 0 ? [said] : named }
  })

const idsOf = (names: ReadonlyMap<string, string>, name: string): readonly string[] =>
  [...names].flatMap(([id, known]) => (known.toLowerCase() === name.toLowerCase() ? [id] : []))

/** Filters rows by dimensions, and remembers which values there are. */
export class DimensionFilter {
  readonly #wanted: readonly WantedDimension[]
  readonly #seen: readonly Set<string>[]

  constructor(wanted: readonly WantedDimension[]) {
    this.#wanted = wanted
    this.#seen = wanted.map(() => new Set<string>())
  }

  /** Is called with every row of the family. */
  matches({ dimensions }: Pick<Row, 'dimensions'>): boolean {
    let matches = true
    this.#wanted.forEach(({ place, values }, index) => {
      const value = dimensions[place] ?? null
      if (value !== null) this.#seen[index]?.add(value)
      if (value === null || !values.includes(value)) matches = false
    })
    return matches
  }

  /** Throws `UsageError` for a value that no row of the family has, with near ids and names. */
  assertKnown(names: KnownNames): void {
    this.#wanted.forEach(({ name, said, values }, index) => {
      const seen = this.#seen[index] as ReadonlySet<string>
      const own = names.get(name)
      if (values.some((value) => seen.has(value) || own?.has(value) === true)) return
      const near = nearNames(said, [...seen, ...(own?.values() ?? [])])
      const help = near.length > 0 ? `did you mean ${near.join(' or ')}?` : seenText([...seen])
      throw new UsageError(`no row has ${name} ${said}${help === '' ? '' : `; ${help}`}`)
    })
  }
}

const seenText = (seen: readonly string[]): string =>
  seen.length === 0
    ? ''
    : `there ${seen.length === 1 ? 'is' : 'are'} ${seen.slice(0, 5).join(', ')}${seen.length > 5 ? ', …' : ''}`
