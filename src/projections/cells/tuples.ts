import { pointDimensions, type PointDimensions, type PointField } from '../../domain/dimensions.js'
import type { Cell } from './cell.js'
import type { Site } from './site.js'

/** A set of dimension values that points carry, and where points of it were counted last. */
export type Tuple = Readonly<{
  dimensions: PointDimensions
  /** By scope: which families count. */
  places: (Places | undefined)[]
}>

/** The sites of a tuple, right for `asked`, and their cells in one interval, right for `board`. */
export type Places = {
  readonly asked: object
  readonly sites: readonly Site[]
  board: object | undefined
  cells: readonly Cell[]
}

type Node = { tuple: Tuple | undefined; next: Map<string, Node> | undefined }

/**
 * The tuples in use, found by walking their values. A map by all values joined says the same in fewer lines, but joining
 * and hashing them took longer than counting the point; a value keeps its hash. A tuple may be forgotten and made again:
 * that costs time alone.
 */
export class Tuples {
  private recent = new Map<number, Node>()
  private older = new Map<number, Node>()
  private made = 0

  of(point: PointDimensions): Tuple {
    const shape = shapeOf(point)
    const node = nodeOf(this.recent, shape, point)
    if (node.tuple === undefined) {
      this.made += 1
      node.tuple = nodeOf(this.older, shape, point).tuple ?? { dimensions: point, places: [] }
    }
    return node.tuple
  }

  /** Forgets those that were not asked for since the turn before, if there are many. */
  turn(): void {
    if (this.made < MANY_TUPLES) return
    this.older = this.recent
    this.recent = new Map()
    this.made = 0
  }
}

const MANY_TUPLES = 10_000

/** Which dimensions have a value, and how many values those have that may have several. */
const shapeOf = (point: PointDimensions): number => {
  let shape = 0
  for (let index = 0; index < fields.length; index++) {
    const value = point[fields[index] as PointField]
    if (value === null || typeof value === 'string') shape = 2 * shape + (value === null ? 0 : 1)
    else shape = (MANY_VALUES + 1) * shape + Math.min(MANY_VALUES, value.length)
  }
  return shape
}

/** The node at the end of a point's values, made if there is none. */
const nodeOf = (roots: Map<number, Node>, shape: number, point: PointDimensions): Node => {
  let node = roots.get(shape)
  if (node === undefined) roots.set(shape, (node = { tuple: undefined, next: undefined }))
  for (let index = 0; index < fields.length; index++) {
    const value = point[fields[index] as PointField]
    if (value === null) continue
    if (typeof value === 'string') node = below(node, value)
    else {
      if (value.length >= MANY_VALUES) node = below(node, String(value.length)) // the shape does not tell
      for (let place = 0; place < value.length; place++) node = below(node, value[place] as string)
    }
  }
  return node
}

const below = (node: Node, value: string): Node => {
  node.next ??= new Map()
  let next = node.next.get(value)
  if (next === undefined) node.next.set(value, (next = { tuple: undefined, next: undefined }))
  return next
}

/** From here on the shape does not tell numbers of values apart, so that it stays a small integer. */
const MANY_VALUES = 63

/** Words, which are few, come first and agents, who are many, last: the tree has few branches then. */
const fields: readonly PointField[] = [...pointDimensions]
  .sort((a, b) => rankOf(a) - rankOf(b))
  .map(({ field }) => field)

function rankOf({ kind, name }: (typeof pointDimensions)[number]): number {
  return kind !== 'id' ? 0 : name === 'userId' ? 2 : 1
}
