import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { notValid, ProblemError } from './answers/problem.js'
import { namesInPath, type Operation } from './operation.js'

/** Which part of a list to answer. */
export type Page = Readonly<{ limit: number; cursor: string | undefined }>

export const pageShape = {
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('items of a page'),
  cursor: z.string().optional().describe('`next` of the page before'),
}

const pageSchema = z.object(pageShape)

/** The input of a call, checked against the schema of its operation. Throws `ProblemError` (422, 400). */
export const inputOf = (operation: Operation, request: FastifyRequest): Readonly<{ input: never; page: Page }> => {
  const params = request.params as Readonly<Record<string, string>>
  const inPath = Object.fromEntries(namesInPath(operation.path).map((name) => [name, params[name]]))
  const { limit, cursor, ...others } = request.query as Readonly<Record<string, unknown>>
  const isList = operation.kind === 'list'
  const query = isList ? others : { ...others, ...defined({ limit, cursor }) }
  const besides = operation.method === 'POST' ? { ...query, ...bodyOf(request) } : query
  const input = operation.input.strict().safeParse({ ...besides, ...inPath })
  if (!input.success) throw notValid(input.error)
  const page = pageSchema.safeParse(isList ? defined({ limit, cursor }) : {})
  if (!page.success) throw notValid(page.error)
  return { input: input.data as never, page: { limit: page.data.limit, cursor: page.data.cursor } }
}

const bodyOf = ({ body }: FastifyRequest): Readonly<Record<string, unknown>> => {
  if (body === undefined || body === null) return {}
  if (typeof body !== 'object' || Array.isArray(body))
    throw new ProblemError('bad-request', 'the body is not a JSON object')
  return body as Readonly<Record<string, unknown>>
}

const defined = (members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
