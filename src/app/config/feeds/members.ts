import { z } from 'zod'
import type { Dimension } from '../../../domain/dimensions.js'
import { families, familyNames } from '../../../domain/family.js'

const all = [...new Set(familyNames.flatMap((name) => families[name].dimensions))] as [Dimension, ...Dimension[]]

export const dimension = z.enum(all)

/** Values of a dimension: ids, not names, which may be given to another object tomorrow. */
export const members = z.array(z.string().min(1)).min(1)
