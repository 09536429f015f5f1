import { z } from 'zod'
import { rolesWith } from '../access/roles.js'
import { problemSchema } from '../answers/problem.js'
import { isAudited, namesInPath, type Operation } from '../operation.js'
import { pageShape } from '../request-input.js'
import { consolePaths } from './console-paths.js'
import { jobPaths, jobSchema } from './job-paths.js'

type Json = Readonly<Record<string, unknown>>

/** JSON Schema 2020-12, which OpenAPI 3.1 takes as it is. */
const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return json
}

const bodyOf = (schema: Json, type = 'application/json'): Json => ({ content: { [type]: { schema } } })
const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })

/** The OpenAPI 3.1 document of a table of operations, made of the schemas that check their input and output. */
export const openApi = (operations: readonly Operation[], version: string): Json => {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations)
    (paths[`/v1/tenants/{tenant}${operation.path}`] ??= {})[operation.method.toLowerCase()] = operationJson(operation)
  return {
    openapi: '3.1.1',
    info: {
      title: 'Streamvane admin API',
      version,
      description: 'What operators and auditors do with Streamvane. docs/admin-api.md has roles, jobs and examples.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths: { ...paths, ...jobPaths, ...consolePaths },
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'a token of the configuration, or one of the OIDC issuer',
        },
      },
      schemas: { Problem: jsonSchema(problemSchema, 'output'), Job: jsonSchema(jobSchema, 'output') },
      responses: {
        Problem: {
          description: 'what is wrong, and how to mend it',
          ...bodyOf(ref('Problem'), 'application/problem+json'),
        },
      },
    },
  }
}

const operationJson = (operation: Operation): Json => {
  const { id, summary, access, method, path, kind } = operation
  const { properties = {}, required = [] } = jsonSchema(operation.input.strict(), 'input') as Readonly<{
    properties?: Readonly<Record<string, Json>>
    required?: readonly string[]
  }>
  const inPath = namesInPath(path)
  const others = Object.entries(properties).filter(([name]) => !inPath.includes(name))
  const isPost = method === 'POST'
  const roles = rolesWith[access].join(', ')
  return {
    operationId: id,
    summary,
    description: `Roles: ${roles}.${isAudited(operation) ? ' Stands in the audit log.' : ''}`,
    tags: [access],
    parameters: [
      parameter('tenant', 'path', { type: 'string' }, true),
      ...inPath.map((name) => parameter(name, 'path', properties[name] ?? { type: 'string' }, true)),
      ...(isPost ? [] : others.map(([name, schema]) => parameter(name, 'query', schema, required.includes(name)))),
      ...(kind === 'list' ? pageParameters : []),
      ...(isPost ? [parameter('Idempotency-Key', 'header', { type: 'string', maxLength: 255 }, false)] : []),
    ],
    ...(isPost
      ? {
          requestBody: {
            required: required.some((name) => !inPath.includes(name)),
            ...bodyOf({
              ...{ type: 'object', properties: Object.fromEntries(others), additionalProperties: false },
              required: required.filter((name) => !inPath.includes(name)),
            }),
          },
        }
      : {}),
    responses: { ...answersOf(operation), default: { $ref: '#/components/responses/Problem' } },
  }
}

const pageParameters = Object.entries(
  jsonSchema(z.object(pageShape), 'input')['properties'] as Readonly<Record<string, Json>>,
).map(([name, schema]) => parameter(name, 'query', schema, false))

function parameter(name: string, place: string, { description, ...schema }: Json, required: boolean): Json {
  return { name, in: place, required, ...(description === undefined ? {} : { description }), schema }
}

const answersOf = (operation: Operation): Json => {
  switch (operation.kind) {
    case 'answer':
      return { 200: { description: operation.summary, ...bodyOf(jsonSchema(operation.output, 'output')) } }
    case 'download':
      return {
        200: {
          description: operation.summary,
          headers: { 'content-disposition': { description: 'a name for the file', schema: { type: 'string' } } },
          content: { [operation.contentType]: {} },
        },
      }
    case 'job': {
      const result = jsonSchema(operation.output, 'output')
      return {
        202: {
          description: 'the job; its `result`, once it is done, is as given here',
          headers: { location: { description: 'the path of the job', schema: { type: 'string' } } },
          ...bodyOf({ allOf: [ref('Job'), { type: 'object', properties: { result } }] }),
        },
      }
    }
    case 'list': {
      const item = jsonSchema(operation.item, 'output')
      const page = {
        type: 'object',
        properties: { items: { type: 'array', items: item }, next: { type: ['string', 'null'] } },
      }
      return {
        200: {
          description: 'a page; or, by `Accept: application/x-ndjson`, all items, one a line',
          content: {
            'application/json': { schema: { ...page, required: ['items', 'next'], additionalProperties: false } },
            'application/x-ndjson': { schema: item },
          },
        },
      }
    }
  }
}
