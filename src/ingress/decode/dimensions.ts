import {
  noDimensions,
  pointDimensions,
  type PointDimensionInfo,
  type PointDimensions,
} from '../../domain/dimensions.js'
import { optionalText, optionalWord, texts, type Body } from './fields.js'
import { lowerCase, mediaType } from './spelling.js'

export type DimensionValue = PointDimensions[keyof PointDimensions]

/** The value of a dimension in the body that says it. Throws `BadField`. */
export const readDimension = (body: Body, { wireField, many, kind }: PointDimensionInfo): DimensionValue => {
  if (many === true) return texts(body, wireField)
  switch (kind) {
    case 'id':
      return optionalText(body, wireField)
    case 'word':
      return lowerCase(optionalWord(body, wireField))
    case 'media':
      return mediaType(optionalWord(body, wireField))
  }
}

/** The fields of a record that says all dimensions side by side. */
export const dimensionFields: readonly string[] = pointDimensions.map(({ wireField }) => wireField)

/** All dimensions of a point, each as `read` says. */
export const dimensionsBy = (read: (dimension: PointDimensionInfo) => DimensionValue): PointDimensions => {
  const dimensions = blank()
  for (const dimension of pointDimensions) dimensions[dimension.field] = read(dimension)
  return dimensions as PointDimensions
}

/** Fills `point` with the dimensions in a body that says them side by side. Throws `BadField`. */
export const fillDimensions = (point: Record<string, unknown>, body: Body): void => {
  for (const dimension of pointDimensions)
    // Most records name few dimensions.
    if (body[dimension.wireField] !== undefined) point[dimension.field] = readDimension(body, dimension)
}

/** A copy has the layout of all other points, so that the code which reads points stays fast. */
const template: Readonly<Record<string, unknown>> = { ...noDimensions }
const blank = (): Record<string, unknown> => ({ ...template })
