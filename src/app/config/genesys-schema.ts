import { z } from 'zod'
import { hostsOf, regionNames } from '../../genesys/regions.js'
import { secret } from './secrets/secret-schema.js'
import { PERIOD_RULE, periodMs } from './period.js'

const httpUrl = z.string().refine((url) => URL.canParse(url) && /^https?:/.test(url), 'an address as https://host:port')

export const period = z.string().transform((text, context) => {
  const ms = periodMs(text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: PERIOD_RULE })
  return z.NEVER
})

/** The organisation in Genesys Cloud, and the OAuth client (grant: client credentials) that reads it. */
export const genesysSchema = z.strictObject({
  /** AWS name of the region, or its domain. */
  region: z
    .string()
    .refine((region) => hostsOf(region) !== undefined, `one of ${regionNames.join(', ')}`)
    .optional(),
  /** Address of API and login host in place of those of a region: for a proxy or a test. */
  url: httpUrl.optional(),
  clientId: z.string().min(1),
  clientSecret: secret,
  /** The limit of the platform for each token. Less leaves something to others that use the same client. */
  requestsPerMinute: z.number().int().min(1).max(3_000).default(300),
  /**
   * What Genesys applies to service levels and tells no client: `sync` stores it as it is here. What is left out is as
   * the profile says.
   */
  organisationSettings: z
    .strictObject({
      includeFlowOuts: z.boolean().optional(),
      includeShortAbandons: z.boolean().optional(),
      includeAbandons: z.boolean().optional(),
      shortAbandonMs: z.number().int().min(0).optional(),
    })
    .optional(),
  sync: z
    .strictObject({
      /** How often `run` fetches the configuration; without it only `streamvane genesys sync` does. */
      every: period.optional(),
    })
    .prefault({}),
  reconcile: z
    .strictObject({
      /**
       * Days to compare with the aggregates of Genesys, counted back from today in the zone of the profile: 1 is
       * yesterday; 3 is compared again after Genesys has computed it anew. `run` compares each once. None: only
       * `streamvane genesys reconcile` does.
       */
      days: z.array(z.number().int().min(1).max(31)).max(10).default([]),
      /**
       * How long after the end of a day it is compared at the earliest: after-call work and other figures of a day come
       * hours later, on both sides.
       */
      delay: period.prefault('PT4H'),
    })
    .prefault({}),
})

export type GenesysSettings = z.infer<typeof genesysSchema>

/** One of region and url. */
export const genesysFault = ({ region, url }: GenesysSettings): string | undefined =>
  (region === undefined) === (url === undefined) ? 'write region, or url in place of it' : undefined
