import { z } from 'zod'
import { familyNames } from '../../../domain/family.js'
import { granularities } from '../../../domain/granularity.js'
import type { Zone } from '../../../domain/zone.js'
import { PERIOD_RULE, periodMs } from '../period.js'
import { UnknownZone, zoneOf } from '../profile/zones.js'
import { endpointTlsSchema } from '../tls-schema.js'
import { layoutSchema } from './column-schema.js'
import { dimension, members } from './members.js'
import { pushSchema } from './push-schema.js'

const period = z.string().transform((text, context): number => {
  const ms = periodMs(text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: PERIOD_RULE })
  return z.NEVER
})

const zone = z.string().transform((name, context): Zone => {
  try {
    return zoneOf(name)
  } catch (cause) {
    if (!(cause instanceof UnknownZone)) throw cause
    context.addIssue({ code: 'custom', message: cause.message })
    return z.NEVER
  }
})

/** How far a figure may move without a new delivery: a number as it is written in the column, or a percentage of it. */
const limit = z
  .union([z.number().min(0), z.string().regex(/^\d+(\.\d+)?%?$/, 'a number or a percentage, 2 or 2%')])
  .transform((said): Limit => {
    const text = String(said)
    return text.endsWith('%') ? { share: Number(text.slice(0, -1)) / 100 } : { units: Number(text) }
  })

export type Limit = Readonly<{ units: number } | { share: number }>

/** A limit as it is written. */
export const limitText = (limit: Limit): number | string =>
  'units' in limit ? limit.units : `${Number((limit.share * 100).toPrecision(15))}%`

export const feedSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and - only, 63 at most'),
  /** Whom it is for, and by what contract: stands in the schema that the receiver gets. */
  doc: z.string().max(500).default(''),
  family: z.enum(familyNames),
  /** Length of the intervals. A day is a local day of `zone`. */
  interval: z.enum(granularities).default('PT15M'),
  zone: zone.prefault('UTC'),
  /** Only rows with one of these values of a dimension. */
  filter: z.partialRecord(dimension, members).default({}),
  /** The dimensions of a record; rows are added up over the others. Default: all that the family has. */
  by: z.array(dimension).optional(),
  /** One dimension of `by` is replaced by the names of groups of its values. */
  groups: z
    .strictObject({
      dimension,
      members: z.record(z.string().min(1), members),
      /** The group of everything else. Default: it is left out. */
      others: z.string().min(1).optional(),
    })
    .optional(),
  /**
   * Whether there is a record, with zeros, of what is known to be there and had nothing: the groups, or the values that
   * `filter` names.
   */
  zeros: z.boolean().default(false),
  /** The latest after its end that an interval is delivered, complete or marked as provisional. */
  cutOff: period.prefault('PT10M'),
  corrections: z
    .strictObject({
      /** For so many days after its end an interval that changed is delivered again. 0: never. */
      days: z.number().int().min(0).max(400).default(7),
      /** How often at most; what changed meanwhile is in one delivery. */
      every: period.prefault('PT15M'),
      /** By column of the layout. A column that is not named may not move at all. */
      tolerances: z.record(z.string(), limit).default({}),
    })
    .prefault({}),
  layouts: z.array(layoutSchema).min(1),
  /** Where it is delivered. Without it the feed is fetched only. */
  push: pushSchema.optional(),
})

export type FeedSettings = z.infer<typeof feedSchema>

const feedToken = z.strictObject({
  name: z.string().regex(/^[\w.@:-]{1,64}$/, 'letters, digits, _ . @ : and - only, 64 at most'),
  /** The feeds that it may fetch, and nothing else. */
  feeds: z.array(z.string().min(1)).min(1),
  /** SHA-256 of the token in hexadecimal, as `streamvane feeds token` prints it. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'the SHA-256 that `streamvane feeds token` prints'),
  expires: z.iso.datetime({ offset: true }).optional(),
})

export const feedServerSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  /** 0 takes a free one. */
  port: z.number().int().min(0).max(65_535).default(8090),
  tls: endpointTlsSchema.optional(),
  tokens: z.array(feedToken).default([]),
  /** Intervals of one request, at most. */
  intervalsMax: z.number().int().min(1).max(100_000).default(3_000),
  /** Refused tokens from one address in a minute, beyond which it is answered 429. */
  failedPerMinuteMax: z.number().int().min(1).default(10),
})

export type FeedServerSettings = z.infer<typeof feedServerSchema>

export const feedsSchema = z.strictObject({
  /** Where feeds are fetched. Without it none is. */
  server: feedServerSchema.optional(),
  list: z.array(feedSchema).default([]),
  /** How often a feed looks whether something is to be delivered. */
  everyMs: z.number().int().min(10).max(600_000).default(5_000),
  /** Pauses between attempts while a receiver is away. */
  retry: z
    .strictObject({
      firstMs: z.number().int().min(1).default(1_000),
      maxMs: z.number().int().min(1).default(300_000),
    })
    .prefault({}),
})

export type FeedsSettings = z.infer<typeof feedsSchema>
