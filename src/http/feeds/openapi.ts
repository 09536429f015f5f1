import { z } from 'zod'
import { problemSchema } from '../admin/answers/problem.js'
import { querySchema } from './answer.js'

type Json = Readonly<Record<string, unknown>>

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...said } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<string, unknown>
  return said
}

const text = { schema: { type: 'string' } }
const problem = { default: { $ref: '#/components/responses/Problem' } }
const feed = { name: 'feed', in: 'path', required: true, schema: { type: 'string' } }

const queryParameters = (): readonly Json[] => {
  const { properties = {}, required = [] } = jsonSchema(querySchema, 'input') as Readonly<{
    properties?: Readonly<Record<string, Json>>
    required?: readonly string[]
  }>
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    ...{ name, in: 'query', required: required.includes(name) },
    ...(description === undefined ? {} : { description }),
    schema: name === 'from' || name === 'to' ? { type: 'string', format: 'date-time' } : schema,
  }))
}

const headers = {
  etag: { description: 'of the bytes; send it as If-None-Match', ...text },
  link: { description: '`rel="next"`: the next page; absent on the last', ...text },
  'streamvane-next': { description: 'the cursor of the next page', ...text },
  'streamvane-layout-version': text,
  'streamvane-complete': { description: 'whether every interval of the page is complete', ...text },
  'streamvane-incomplete': { description: 'starts of intervals that are not complete, 50 at most', ...text },
  'streamvane-records': text,
}

const got = (operationId: string, summary: string, parameters: readonly Json[], answers: Json): Json => ({
  get: { operationId, summary, parameters, responses: { ...answers, ...problem } },
})

const ok = (description: string, content: Json, more: Json = {}): Json => ({ 200: { description, content, ...more } })

/** The OpenAPI 3.1 document of the server of feeds. What a record is says the schema of each feed. */
export const feedsOpenApi = (version: string): Json => ({
  openapi: '3.1.1',
  info: {
    title: 'Streamvane feeds',
    version,
    description: 'Interval figures for WFM and BPO programmes. docs/feeds.md has the rules of the contract.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{ token: [] }],
  paths: {
    '/feeds': got(
      'listFeeds',
      'the feeds that the token may fetch',
      [],
      ok('the feeds', { 'application/json': { schema: { type: 'object' } } }),
    ),
    '/feeds/{feed}': got('fetchFeed', 'the intervals of a range, a page at a time', [feed, ...queryParameters()], {
      ...ok('a page', { 'application/json': { schema: { type: 'object' } }, 'text/csv': {} }, { headers }),
      304: { description: 'nothing has changed since the answer with this ETag' },
    }),
    '/feeds/{feed}/schema': got(
      'feedSchema',
      'the JSON Schema of what the feed gives, by version of its layout',
      [feed, { name: 'version', in: 'query', required: false, schema: { type: 'integer', minimum: 1 } }],
      ok('the schema', { 'application/schema+json': {} }),
    ),
  },
  components: {
    securitySchemes: {
      token: { type: 'http', scheme: 'bearer', description: 'a token of feeds.server.tokens (streamvane feeds token)' },
    },
    schemas: { Problem: jsonSchema(problemSchema, 'output') },
    responses: {
      Problem: {
        description: 'what is wrong, and how to mend it',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  },
})
