import { z } from 'zod'
import { familyNames } from '../../../domain/family.js'
import { granularities } from '../../../domain/granularity.js'
import { rowStatuses } from '../../../contract/schema/row-schema.js'
import { profileSchema } from '../../config/profile/profile-schema.js'

/** The format of profile tests (docs/profile-tests.md). Reading is in read-file.ts, which adds near names to errors. */

const instant = z.string().describe('an instant with its zone, such as 2026-01-05T08:00:00Z or …+01:00')
const duration = z.union([z.number(), z.string()]).describe('milliseconds, or a time such as 12s, 1.5min or 2h')
const ids = z.union([z.string(), z.array(z.string())])

/** Dimensions by short names, as tests write them, each with the name that rows have for it. */
export const shortDimensions = {
  queue: 'queueId',
  agent: 'userId',
  media: 'mediaType',
  direction: 'direction',
  messageType: 'messageType',
  skill: 'skillId',
  language: 'languageId',
  wrapUp: 'wrapUpCode',
  flow: 'flowId',
  campaign: 'campaignId',
  division: 'divisionId',
} as const

export type ShortDimension = keyof typeof shortDimensions

const givenDimensions = {
  queue: z.string().optional(),
  agent: z.string().optional(),
  media: z.string().optional().describe('voice by default'),
  direction: z.string().optional(),
  messageType: z.string().optional(),
  skill: ids.optional(),
  language: z.string().optional(),
  wrapUp: z.string().optional(),
  flow: z.string().optional(),
  campaign: z.string().optional(),
  division: ids.optional(),
} satisfies Record<ShortDimension, z.ZodType>

const conversation = z.string().optional().describe('letters, digits and -; by default one of its own')

/** What can be given, each by the key that tells it from the others. */
export const givenForms = {
  metric: z
    .strictObject({
      metric: z.string(),
      at: instant,
      value: duration.optional().describe('1 by default'),
      times: z.number().int().min(1).optional().describe('so many points of the same; 1 by default'),
      conversation,
      session: z.string().optional(),
      ...givenDimensions,
    })
    .describe('a metric record: one emission of one metric (profiles with points: metric-records)'),
  event: z
    .strictObject({
      event: z.string().describe('acd.start, acd.end, user.end, acw, …'),
      at: instant,
      conversation,
      session: z.string().optional(),
      queue: z.string().optional(),
      agent: z.string().optional().describe('of acd.end: who answered'),
      media: z.string().optional().describe('voice by default'),
      direction: z.string().optional(),
      body: z.record(z.string(), z.unknown()).optional().describe("further fields by Genesys's names"),
    })
    .describe('an analytics detail event (profiles with points: detail-events)'),
  routingStatus: z
    .strictObject({ routingStatus: z.string(), agent: z.string(), at: instant })
    .describe('an agent enters a routing status: IDLE, INTERACTING, OFF_QUEUE, …'),
  presence: z
    .strictObject({
      presence: z.string(),
      agent: z.string(),
      at: instant,
      definition: z.string().optional().describe('id of the presence definition'),
    })
    .describe('an agent enters a system presence: AVAILABLE, BREAK, ON_QUEUE, OFFLINE, …'),
  settings: z
    .strictObject({ settings: z.unknown(), at: instant.optional().describe('in force from then; always by default') })
    .describe('settings of queues or of the organisation, written as for `streamvane config import`'),
  raw: z
    .strictObject({ raw: z.record(z.string(), z.unknown()) })
    .describe('a raw event or conversation-detail record as Genesys sends it'),
  file: z.strictObject({ file: z.string() }).describe('a file of raw events, as for `streamvane import`'),
  tick: z.strictObject({ tick: instant }).describe('the clock comes to this instant before what follows is received'),
} as const

export type GivenKind = keyof typeof givenForms
export const givenKinds = Object.keys(givenForms) as readonly GivenKind[]
export type Given = { [K in GivenKind]: z.infer<(typeof givenForms)[K]> }[GivenKind]

export const statisticNames = ['count', 'sum', 'min', 'max', 'p50', 'p90', 'p95', 'p99'] as const
export const measureForm = z
  .strictObject(Object.fromEntries(statisticNames.map((name) => [name, duration.optional()])))
  .describe('statistics of a duration or observation')

const expectedMeasure = z.union([z.number(), z.string(), z.null(), measureForm])
const ratio = z.strictObject({ numerator: duration, denominator: duration.optional() })
const expectedKpi = z.union([z.number(), z.string(), z.null(), ratio])

export const expectedForm = z
  .strictObject({
    family: z.enum(familyNames),
    interval: z.string().describe('when it begins: an instant with its zone; of P1D the day too, 2026-01-05'),
    granularity: z.enum(granularities).optional().describe('the base interval by default'),
    ...Object.fromEntries(Object.keys(shortDimensions).map((name) => [name, z.string().nullable().optional()])),
    stateKind: z.string().optional(),
    state: z.string().optional(),
    absent: z.literal(true).optional().describe('there is no such row, or it holds nothing'),
    measures: z
      .record(z.string(), expectedMeasure)
      .optional()
      .describe('by metric: a count, a time in a state, or statistics; null: none'),
    kpis: z
      .record(z.string(), expectedKpi)
      .optional()
      .describe('by name: a value (0.8, 42s), one as displayed (83.1 %), its terms (5/6); null: no value'),
    serviceTarget: z.number().nullable().optional(),
    status: z.enum(rowStatuses).optional(),
  })
  .describe('a row; dimensions that are left out may be anything, but only one row may match')

/** Members whose content is read one by one, for errors that say what is near. */
const testOf = <G extends z.ZodType, E extends z.ZodType>(given: G, expected: E) =>
  z.strictObject({
    name: z.string().min(1),
    given: z.array(given).optional(),
    clock: instant.optional().describe('how far the clock comes at the end; by default so far that all is final'),
    expect: z.array(expected).min(1),
  })

const fileOf = <P extends z.ZodType, T extends z.ZodType, G extends z.ZodType>(profile: P, test: T, given: G) =>
  z.strictObject({
    profile: z.union([z.string().describe('a profile file, from the folder of this one'), profile]),
    given: z.array(given).optional().describe('what all tests are given before their own'),
    tests: z.array(test).min(1),
  })

export const testForm = testOf(z.unknown(), z.unknown())
export const fileForm = fileOf(z.record(z.string(), z.unknown()), z.unknown(), z.unknown())

/** The JSON Schema of the format, for editors: `schemas/profile-test.schema.json`. */
export const profileTestJsonSchema = (): unknown => {
  const given = z.union(Object.values(givenForms) as unknown as readonly [z.ZodType, ...z.ZodType[]])
  const schema = fileOf(profileSchema, testOf(given, expectedForm), given)
  return {
    ...z.toJSONSchema(schema, { io: 'input' }),
    title: 'Streamvane profile tests',
    description: 'Given events and expected rows of a KPI profile, run by `streamvane profile test`.',
  }
}
