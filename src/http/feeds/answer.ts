import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { EpochMs } from '../../domain/interval.js'
import { isoInstantOf } from '../../domain/iso-instant.js'
import { lastRevision, readIntervals, type FeedRows } from '../../app/feeds/deliveries/build.js'
import { feedRows, liveFeedRows } from '../../app/feeds/deliveries/feed-rows.js'
import { feedFile, iso, type FeedFile, type Heading } from '../../app/feeds/layout/file.js'
import { intervalsOf, type FeedInterval } from '../../app/feeds/records/record.js'
import type { FeedPlan, Layout } from '../../app/feeds/records/plan.js'
import { Names } from '../../app/names.js'
import { chosenLayout, namesOf } from '../../app/operations/feeds/preview.js'
import { ifThere } from '../../log/if-there.js'
import { notValid, ProblemError } from '../admin/answers/problem.js'
import { matchesETag, takesGzip } from '../admin/answers/sending.js'
import type { FeedProcess } from './process.js'

const instant = z.string().transform((text, context): EpochMs => {
  // A plus sign in a query is a blank unless it is escaped, which many clients forget.
  const spelled = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text.replace(/ (?=\d{2}:?\d{2}$)/, '+')
  const at = isoInstantOf(spelled)
  if (typeof at === 'number') return at
  context.addIssue({ code: 'custom', message: 'an instant with its zone, as 2026-01-05T08:00:00Z' })
  return z.NEVER
})

export const querySchema = z
  .strictObject({
    from: instant.describe('intervals that start then or later'),
    to: instant.describe('intervals that start before'),
    version: z.coerce.number().int().min(1).optional().describe('of the layout; default: the oldest'),
    limit: z.coerce.number().int().min(1).max(10_000).default(1_000).describe('intervals of a page'),
    cursor: z.string().max(500).optional().describe('`next` of the page before'),
    incomplete: z
      .enum(['include', 'leave-out'])
      .default('include')
      .describe('whether intervals that are not complete are given, marked as provisional'),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'it is not behind from' })

export const feedQuery = (query: unknown): z.output<typeof querySchema> => {
  const parsed = querySchema.safeParse(query)
  if (!parsed.success) throw notValid(parsed.error)
  return parsed.data
}

/** Where a page begins, and the rows that all pages are made of: those of a generation up to a revision. */
const cursorSchema = z.tuple([z.string(), z.int(), z.int()])
type Cursor = z.infer<typeof cursorSchema>

type Options = Readonly<{ process: FeedProcess; intervalsMax: number }>

/**
 * Answers a page of a feed. All pages of a range are made of the rows of the first: what is corrected meanwhile is in the
 * next fetch. The ETag is that of the bytes, so a range in which nothing changed is answered 304.
 */
export const answerPage = async (
  request: FastifyRequest,
  reply: FastifyReply,
  plan: FeedPlan,
  options: Options,
): Promise<FastifyReply> => {
  const query = feedQuery(request.query)
  assertNotTooLong(plan, query, options)
  const layout = chosenLayout(plan, query.version)
  const { page, next } = await pageOf(plan, query, options)
  const file = await fileOf(plan, layout, page, query, next, options.process)
  const etag = `"${file.sha256.slice(0, 32)}"`
  reply.headers({
    etag,
    'streamvane-layout-version': String(layout.settings.version),
    'streamvane-complete': String(file.incomplete.length === 0),
    'streamvane-incomplete': file.incomplete.slice(0, INCOMPLETE_IN_HEADER).join(' '),
    'streamvane-records': String(file.records),
  })
  if (next !== null) reply.headers({ link: `<${nextLink(request, next)}>; rel="next"`, 'streamvane-next': next })
  if (matchesETag(request.headers['if-none-match'], etag)) return reply.code(304).send()
  reply.type(file.contentType)
  if (file.bytes.length < 1_024 || !takesGzip(request)) return reply.send(file.bytes)
  return reply.header('content-encoding', 'gzip').send(await promisify(gzip)(file.bytes))
}

/** Headers have limits; a JSON file and `status` of CSV records tell all. */
const INCOMPLETE_IN_HEADER = 50

type Query = ReturnType<typeof feedQuery>

const assertNotTooLong = ({ settings }: FeedPlan, { from, to }: Query, { intervalsMax }: Options): void => {
  let count = 0
  for (const _ of intervalsOf(settings, from, to))
    if (++count > intervalsMax)
      throw new ProblemError('not-valid', `the range has more than ${intervalsMax} intervals: ask for a shorter one`)
}

const pageOf = async (
  plan: FeedPlan,
  { from, to, limit, cursor: text, incomplete }: Query,
  { process }: Options,
): Promise<Readonly<{ page: readonly FeedInterval[]; next: string | null }>> => {
  const cursor = text === undefined ? undefined : decoded(text)
  const rows = await rowsFor(plan, cursor, process)
  const through = cursor?.[1] ?? (await lastRevision(rows.of))
  const page: FeedInterval[] = []
  let last = cursor === undefined ? -1 : cursor[1]
  let after: EpochMs | undefined
  // What has not begun is not incomplete: nobody misses it.
  const range = { start: cursor?.[2] ?? from, end: Math.min(to, process.now()) }
  if (range.start >= range.end) return { page, next: null }
  for await (const read of readIntervals(plan, rows, range, through)) {
    if (cursor === undefined) last = Math.max(last, read.last)
    for (const each of read.intervals) {
      if (incomplete === 'leave-out' && !each.isComplete) continue
      if (page.length < limit) page.push(each)
      else after ??= each.interval.start
    }
    // Later pages need no look at the rest; the first pins the rows of all of them.
    if (cursor !== undefined && after !== undefined) break
  }
  // The last revision that says something of the range, not the end of the log: the cursor stays as it is until then.
  const next: Cursor | undefined = after === undefined ? undefined : [rows.of.generation, last, after]
  return { page, next: next === undefined ? null : Buffer.from(JSON.stringify(next)).toString('base64url') }
}

const rowsFor = async (plan: FeedPlan, cursor: Cursor | undefined, process: FeedProcess): Promise<FeedRows> => {
  const { logs, config } = process
  const of = { logs, tenant: config.tenant, data: config.data }
  const rows = cursor === undefined ? await liveFeedRows(of) : await feedRows(of, cursor[0])
  if (rows !== undefined) return rows
  if (cursor !== undefined)
    throw new ProblemError('not-valid', 'cursor: the rows of these pages are gone; begin again without a cursor')
  throw new ProblemError('not-available', `feed ${plan.settings.name}: nothing was computed yet`)
}

const decoded = (text: string): Cursor => {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()))
  } catch {
    throw new ProblemError('not-valid', 'cursor: give the `next` of an answer, unchanged')
  }
}

const fileOf = async (
  plan: FeedPlan,
  layout: Layout,
  page: readonly FeedInterval[],
  { from, to }: Query,
  next: string | null,
  { logs, config }: FeedProcess,
): Promise<FeedFile> => {
  const raw = await ifThere(() => logs.raw('reader'))
  const names = new Names(raw, config.tenant)
  const ranges = [{ from: iso(from), to: iso(to) }]
  const heading: Heading = { delivery: null, kind: 'fetched', reasons: [], ranges, next }
  return feedFile(plan, layout, page, heading, await namesOf(plan, layout, page, (...of) => names.of(...of)))
}

/** The same request with the cursor of the next page, relative to the server. */
const nextLink = ({ url }: FastifyRequest, next: string): string => {
  const [path = '', query = ''] = url.split('?')
  const parameters = new URLSearchParams(query)
  parameters.set('cursor', next)
  return `${path}?${parameters.toString()}`
}
