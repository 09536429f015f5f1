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
  // The copy has the layout of all other points, so that the code which reads them stays fast.
  const dimensions: Record<string, unknown> = { ...noDimensions }
  for (const dimension of pointDimensions) dimensions[dimension.field] = read(dimension)
  return dimensions as PointDimensions
}
