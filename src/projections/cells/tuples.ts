import { pointDimensions, type ManyDimension, type PointDimensions, type PointField } from '../../domain/dimensions.js'
import type { Cell } from './cell.js'
import type { Site } from './site.js'

/** A set of dimension values that points carry, and where points of it were counted last. */
export type Tuple = Readonly<{
  dimensions: PointDimensions
  /** By scope: which families count. */
  places: (Places | undefined)[]
}>

/** The cells of a tuple in one interval. `board` and `asked` say until when they are right. */
export type Places = Readonly<{ board: object; asked: object; sites: readonly Site[]; cells: readonly Cell[] }>

type Node = { tuple: Tuple | undefined; next: Map<string, Node> | undefined }

/**
 * The tuples in use, found by walking their values. A map by all values joined says the same in fewer lines, but joining
 * and hashing them took longer than counting the point; a value keeps its hash. A tuple may be forgotten and made again:
 * that costs time alone.
 */
export class Tuples {
  private recent = new Map<number, Node>()
  private older = new Map<number, Node>()

  of(point: PointDimensions): Tuple {
    const shape = shapeOf(point)
    const node = nodeOf(this.recent, shape, point)
    node.tuple ??= nodeOf(this.older, shape, point).tuple ?? { dimensions: point, places: [] }
    return node.tuple
  }

  /** Forgets those that were not asked for since the turn before. */
  turn(): void {
    this.older = this.recent
    this.recent = new Map()
  }
}

/** Which dimensions have a value, and how many values those have that may have several. */
const shapeOf = (point: PointDimensions): number => {
  let shape = 0
  for (let index = 0; index < ones.length; index++) shape = 2 * shape + (point[ones[index] as One] === null ? 0 : 1)
  for (let index = 0; index < manies.length; index++)
    shape = (MANY + 1) * shape + Math.min(MANY, point[manies[index] as Many].length)
  return shape
}

/** The node at the end of a point's values, made if there is none. */
const nodeOf = (roots: Map<number, Node>, shape: number, point: PointDimensions): Node => {
  let node = roots.get(shape)
  if (node === undefined) roots.set(shape, (node = { tuple: undefined, next: undefined }))
  for (let index = 0; index < ones.length; index++) {
    const value = point[ones[index] as One]
    if (value !== null) node = below(node, value)
  }
  for (let index = 0; index < manies.length; index++) {
    const values = point[manies[index] as Many]
    if (values.length >= MANY) node = below(node, String(values.length)) // the shape does not tell
    for (let place = 0; place < values.length; place++) node = below(node, values[place] as string)
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
const MANY = 63

type Many = PointField<ManyDimension>
type One = Exclude<PointField, Many>

const ones = pointDimensions.filter(({ many }) => many !== true).map(({ field }) => field as One)
const manies = pointDimensions.filter(({ many }) => many === true).map(({ field }) => field as Many)
