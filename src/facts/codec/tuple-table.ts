import { noDimensions, pointDimensions, type PointDimensions } from '../../domain/dimensions.js'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import type { TextTableWriter } from './text-table.js'

/** Sets of dimension values, each stored once: the places of its texts, 0 for null. */
export const writeTuples = (to: ByteWriter, tuples: readonly PointDimensions[], texts: TextTableWriter): void => {
  to.whole(tuples.length)
  for (const tuple of tuples)
    for (const { field } of pointDimensions) {
      const value = tuple[field]
      if (value === null) to.byte(0)
      else if (typeof value === 'string') to.whole(texts.placeOf(value) + 1)
      else {
        to.whole(value.length)
        for (const each of value) to.whole(texts.placeOf(each))
      }
    }
}

export const readTuples = (from: ByteReader, text: (place: number) => string): readonly PointDimensions[] =>
  Array.from({ length: from.whole() }, () => readTuple(from, text))

const readTuple = (from: ByteReader, text: (place: number) => string): PointDimensions => {
  const tuple = { ...blank }
  for (const { field, many } of pointDimensions) {
    const first = from.whole()
    if (first === 0) continue
    tuple[field] = many === true ? Array.from({ length: first }, () => text(from.whole())) : text(first - 1)
  }
  return tuple as PointDimensions
}

/** A copy of it has the layout of all other points, and every dimension absent. */
const blank: Record<string, unknown> = { ...noDimensions }
