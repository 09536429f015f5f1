import { dimensionsOf, pointDimensions, type PointDimensions } from './dimensions.js'

type Branch = { place: number; next: Map<string | number | null, Branch> | undefined }

const branch = (): Branch => ({ place: -1, next: undefined })

/** Numbers distinct sets of dimension values in order of appearance, by a tree with one level a value. */
export class TupleIndex {
  readonly tuples: PointDimensions[] = []
  private readonly root = branch()

  placeOf(point: PointDimensions): number {
    let at = this.root
    for (const { field } of pointDimensions) {
      const value = point[field]
      if (typeof value === 'string' || value === null) at = below(at, value)
      else {
        at = below(at, value.length)
        for (const each of value) at = below(at, each)
      }
    }
    if (at.place < 0) at.place = this.tuples.push(dimensionsOf(point)) - 1
    return at.place
  }
}

const below = (from: Branch, value: string | number | null): Branch => {
  from.next ??= new Map()
  let next = from.next.get(value)
  if (next === undefined) from.next.set(value, (next = branch()))
  return next
}
