import { z } from 'zod'
import { members, dimension } from './members.js'

/** How a duration is written. `HH:mm:ss` counts hours beyond 24. */
export const durationFormats = ['ms', 'seconds', 'minutes', 'hours', 'HH:mm:ss'] as const
/** How a share is written: 0.8, or 80. */
export const shareFormats = ['fraction', 'percent'] as const
/** How an instant is written, besides patterns of local time such as `dd.MM.yyyy HH:mm`. */
export const instantFormats = ['utc', 'local', 'epoch-s', 'epoch-ms'] as const

/** Parts of a pattern of local time; everything else stands as it is. `XXX` is the offset, `+01:00`. */
const INSTANT_PATTERN = /^(?=.*(yyyy|MM|dd|HH|mm|ss))[^"\r\n]{1,40}$/

export const isInstantPattern = (format: string): boolean => INSTANT_PATTERN.test(format)

export const columnUnits = ['share', 'ms', 'count', 'number'] as const

/**
 * A column of a layout. Exactly one of `value`, `formula` and `constant` says what it holds: see docs/feeds.md for the
 * values that there are.
 */
export const columnSchema = z
  .strictObject({
    name: z.string().min(1).max(120),
    value: z.string().min(1).optional(),
    /** As a KPI of a profile: sums of measures, divided at most once. */
    formula: z.string().min(1).optional(),
    /** Of a formula; default: a plain number. */
    unit: z.enum(columnUnits).optional(),
    /** Only rows with these values of dimensions count: the time in `state: [BREAK]`. */
    where: z.partialRecord(dimension, members).optional(),
    constant: z.union([z.string(), z.number()]).optional(),
    format: z.string().min(1).optional(),
    /** Decimals that are written. */
    digits: z.number().int().min(0).max(9).optional(),
    /** For the schema that the receiver gets. */
    doc: z.string().max(500).optional(),
  })
  .superRefine(({ value, formula, constant }, context) => {
    const said = [value, formula, constant].filter((each) => each !== undefined).length
    if (said !== 1) context.addIssue({ code: 'custom', message: 'say one of value, formula and constant' })
  })

export type ColumnSettings = z.infer<typeof columnSchema>

/** A version of the payload. A change of what the receiver sees is a new version; the old one goes on beside it. */
export const layoutSchema = z
  .strictObject({
    version: z.number().int().min(1).max(9_999),
    format: z.enum(['csv', 'json']).default('csv'),
    columns: z.array(columnSchema).min(1).max(500),
    /** The receiver takes it that two intervals have the same local time where clocks are put back. */
    repeatedHour: z.boolean().default(false),
    csv: z
      .strictObject({
        delimiter: z.enum([',', ';', '\t', '|']).default(','),
        decimalSeparator: z.enum(['.', ',']).default('.'),
        lineEnd: z.enum(['crlf', 'lf']).default('crlf'),
        header: z.boolean().default(true),
        /** Whether a byte order mark tells Excel that it is UTF-8. */
        bom: z.boolean().default(false),
        /** What stands where there is no value. */
        empty: z.string().max(40).default(''),
      })
      .prefault({}),
  })
  .superRefine(({ columns, csv }, context) => {
    columns.forEach(({ name }, index) => {
      if (columns.findIndex((other) => other.name === name) < index)
        context.addIssue({ code: 'custom', path: ['columns', index], message: `two columns have the name ${name}` })
    })
    if (csv.delimiter === csv.decimalSeparator)
      context.addIssue({
        code: 'custom',
        path: ['csv', 'decimalSeparator'],
        message: 'a decimal comma needs another delimiter than a comma: csv.delimiter: ";"',
      })
  })

export type LayoutSettings = z.infer<typeof layoutSchema>
