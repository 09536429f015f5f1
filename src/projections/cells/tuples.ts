import { pointDimensions, type PointDimensions } from '../../domain/dimensions.js'
import type { Cell } from './cell.js'
import { RecentMap } from './recent-map.js'
import type { Site } from './site.js'

/** A set of dimension values that points carry, and where points of it were counted last. */
export type Tuple = Readonly<{
  dimensions: PointDimensions
  /** By scope: which families count. */
  places: (Places | undefined)[]
}>

/** The cells of a tuple in one interval. `board` and `asked` say until when they are right. */
export type Places = Readonly<{ board: object; asked: object; sites: readonly Site[]; cells: readonly Cell[] }>

export const tupleOf = (dimensions: PointDimensions): Tuple => ({ dimensions, places: [] })

/** The tuples in use. */
export class Tuples {
  private readonly known = new RecentMap<Tuple>()

  of(point: PointDimensions): Tuple {
    const key = tupleKey(point)
    let tuple = this.known.get(key)
    if (tuple === undefined) this.known.set(key, (tuple = tupleOf(point)))
    return tuple
  }

  /** Forgets those that were not asked for since the turn before. */
  turn(): void {
    this.known.turn()
  }
}

/** Values are foreign text: each goes with its length, so that no two sets have the same key. */
const tupleKey = (point: PointDimensions): string => {
  let key = ''
  for (let index = 0; index < fields.length; index++) {
    const value = point[fields[index] as keyof PointDimensions]
    if (value === null) key += '-'
    else if (typeof value === 'string') key += `${value.length}:${value}`
    else {
      key += `[${value.length}`
      for (const one of value) key += `,${one.length}:${one}`
    }
  }
  return key
}

const fields = pointDimensions.map(({ field }) => field)
