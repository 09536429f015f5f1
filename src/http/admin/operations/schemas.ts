import { z } from 'zod'
import { familyNames } from '../../../domain/family.js'
import { granularities } from '../../../domain/granularity.js'
import type { EpochMs } from '../../../domain/interval.js'

/** An instant in ISO 8601 with a zone, or a day in UTC; epoch milliseconds inside. */
export const instant = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()])
  .transform((text): EpochMs => Date.parse(text))
  .describe('an instant in ISO 8601 with a zone, or a day (its beginning in UTC)')

/** An instant in an answer. */
export const at = z.iso.datetime()
export const isoOf = (instantMs: EpochMs): string => new Date(instantMs).toISOString()

export const family = z.enum(familyNames)
export const granularity = z.enum(granularities)
export const generation = z
  .string()
  .regex(/^g\d+$/)
  .describe('a generation; by default the live one')
/** A flag in a query. */
export const flag = z.stringbool({ truthy: ['true'], falsy: ['false'] }).default(false)

export const range = {
  from: instant.optional().describe('intervals that start then or later'),
  to: instant.optional().describe('intervals that start before'),
}

/** What every call may say that changes something. */
export const change = {
  why: z.string().min(1).max(500).optional().describe('the reason, for the audit log'),
  dryRun: z.boolean().default(false).describe('say what would happen, and change nothing'),
}

/** A position in the log, in decimal. */
export const position = z.string().regex(/^\d+$/)

/** JSON of a shape that other documents describe. */
export const anyObject = z.record(z.string(), z.unknown())
