import { z } from 'zod'
import * as E from 'fp-ts/lib/Either.js'
import { profileSchema } from '../../../app/config/profile/profile-schema.js'
import { Names, rowNames } from '../../../app/names.js'
import { rowsAs, type AsWhat } from '../../../app/operations/as-of/as-of.js'
import { chosenGeneration, computedGenerations } from '../../../app/operations/computed.js'
import { explain } from '../../../app/operations/explain/explain.js'
import { ifThere } from '../../../log/if-there.js'
import { operationResults } from '../../../app/operations/journal/operation.js'
import { readOperations } from '../../../app/operations/journal/read-operations.js'
import { verify } from '../../../app/operations/verify/verify.js'
import { readAssignment } from '../../../app/operations/what-if/assignment.js'
import { lastClosedDay } from '../../../app/operations/what-if/recent-range.js'
import { whatIfJson } from '../../../app/operations/what-if/what-if-json.js'
import { whatIf } from '../../../app/operations/what-if/what-if.js'
import { withFacts } from '../../../app/pipeline/facts/open-feed.js'
import { rowJson } from '../../../contract/row-json.js'
import { notValid, ProblemError } from '../answers/problem.js'
import { job, list, type Call, type Operation } from '../operation.js'
import { anyObject, at, family, flag, generation, granularity, instant, position, range } from './schemas.js'
import { dimensions, pairsOf, scopeOf } from './scopes.js'

const streamsOf = async ({ logs, tenant }: Call, name: string | undefined) => {
  const chosen = chosenGeneration(await computedGenerations(logs, tenant), name, tenant)
  return { generation: chosen, raw: await logs.raw('reader'), kpi: await logs.kpi(chosen.name, 'reader') }
}

const explained = job({
  ...{ id: 'explain', command: 'explain', method: 'POST', path: '/explanations', access: 'operations' },
  summary: 'explain the rows of an interval: formulas with their values, every point behind them, what did not count',
  input: z.object({
    ...{ family, interval: instant.describe('the interval that holds it'), granularity: granularity.optional() },
    ...{ dimensions, generation: generation.optional() },
    kpi: z.string().optional().describe('a KPI, a metric or a statistic; by default all KPIs'),
    revision: z.int().min(1).optional().describe('a published revision; by default the latest'),
  }),
  output: z.looseObject({ addsUp: z.boolean(), rows: z.array(anyObject) }),
  run: (call, input) => explanation(call, input, false),
})

const explainedRaw = job({
  ...{ id: 'explainRaw', command: 'explain --raw', method: 'POST', path: '/explanations/raw', access: 'evidence' },
  summary: 'the same, with the raw events as they were received',
  input: z.object({
    ...{ family, interval: instant, granularity: granularity.optional(), dimensions },
    ...{ generation: generation.optional(), kpi: z.string().optional(), revision: z.int().min(1).optional() },
  }),
  output: z.looseObject({ addsUp: z.boolean(), rows: z.array(anyObject) }),
  run: (call, input) => explanation(call, input, true),
})

type Explained = z.output<z.ZodObject<{ family: typeof family }>> &
  Readonly<{
    interval: number
    granularity?: z.output<typeof granularity> | undefined
    dimensions: Readonly<Record<string, string>>
    generation?: string | undefined
    kpi?: string | undefined
    revision?: number | undefined
  }>

const explanation = async (call: Call, input: Explained, withRaw: boolean) => {
  const { config, logs, tenant, logger, signal } = call
  const chosen = chosenGeneration(await computedGenerations(logs, tenant), input.generation, tenant)
  const { family: of, interval, granularity: length, kpi, revision } = input
  const wanted = { family: of, at: interval, granularity: length, dimensions: pairsOf(input.dimensions, [of]) }
  const found = await withFacts(config, logger, (facts) =>
    explain({
      ...{ logs, data: config.data, tenant, generation: chosen, kpi, revision, facts, signal, logger, wanted, withRaw },
    }),
  )
  return found as unknown as { addsUp: boolean; rows: Record<string, unknown>[] }
}

const verified = job({
  ...{ id: 'verify', command: 'verify', method: 'POST', path: '/verifications', access: 'evidence' },
  summary: 'fold the raw log again and compare what it gives with every row and marker of a generation',
  input: z.object({
    ...{ generation: generation.optional(), family: family.optional(), ...range },
    quick: z.boolean().default(false).describe('fold the facts that are kept beside the log, not the raw events'),
  }),
  output: z.looseObject({
    ...{ generation: z.string(), events: z.int(), rows: z.int(), differences: z.int(), isStopped: z.boolean() },
    first: anyObject.nullable(),
  }),
  run: async (call, { generation: name, quick, ...compared }) => {
    const { config, tenant, logger, signal } = call
    const { generation: chosen, raw, kpi } = await streamsOf(call, name)
    const found = await withFacts(config, logger, ({ pool, store }) =>
      verify({
        ...{ tenant, generation: chosen, raw, kpi, data: config.data, signal, logger, compared },
        facts: quick && store !== undefined ? { pool, store } : { pool },
        onProgress: ({ position: done, through }) =>
          call.onProgress({ done: Number(done), of: Number(through), unit: 'positions' }),
      }),
    )
    return found
  },
})

const supposed = job({
  ...{ id: 'whatIf', command: 'what-if', method: 'POST', path: '/what-if', access: 'operations' },
  summary: 'a range under another profile or other settings, compared with what was published; writes nothing',
  input: z.object({
    profile: anyObject.optional().describe('suppose that this profile is in force throughout'),
    set: z.array(z.string()).default([]).describe('path=value, for example serviceLevel.durationMs=30s'),
    ...{ families: z.array(family).optional(), ...range, dimensions, generation: generation.optional() },
    granularity: granularity.optional().describe('only intervals of this length'),
  }),
  output: z.looseObject({
    ...{ generation: z.string(), through: position, changes: z.array(anyObject), totals: z.array(anyObject) },
    hints: z.array(z.string()),
  }),
  run: async (call, { profile, set, from, to, generation: name, ...narrowed }) => {
    const { config, tenant, logger, signal, now } = call
    const supposition = suppositionOf(profile, set)
    const { generation: chosen, raw, kpi } = await streamsOf(call, name)
    const isOpen = from === undefined && to === undefined
    const day = isOpen ? await lastClosedDay(raw, kpi, tenant, chosen) : undefined
    const scope = scopeOf({ ...{ ...narrowed, from, to }, ...day })
    const head = Number((await raw.head()) ?? 0)
    const found = await withFacts(config, logger, (facts) =>
      whatIf({
        ...{ tenant, generation: chosen, scope, supposition, raw, kpi, data: config.data, facts, now, signal, logger },
        onProgress: (step, done) =>
          call.onProgress({
            ...{ done: Number(done) + (step === 'supposed' ? head : 0), of: 2 * head, unit: 'positions' },
          }),
      }),
    )
    return whatIfJson(found) as never
  },
})

const suppositionOf = (profile: unknown, set: readonly string[]) => {
  if (profile === undefined && set.length === 0)
    throw new ProblemError(
      'not-valid',
      'nothing is supposed: give profile, or set, such as ["serviceLevel.durationMs=30s"]',
    )
  const parsed = profile === undefined ? undefined : profileSchema.safeParse(profile)
  if (parsed?.success === false) throw notValid(parsed.error)
  const assignments = set.map((text) => {
    const read = readAssignment(text)
    if (E.isLeft(read)) throw new ProblemError('not-valid', `set ${text}: ${read.left}`)
    return read.right
  })
  return { assignments, profile: parsed?.data, settings: [] }
}

const asItWas = list({
  ...{ id: 'listRowsAs', command: 'rows --as', method: 'GET', path: '/rows/as', access: 'operations' },
  summary: 'the rows of a range as first published, as of a moment, or latest',
  input: z.object({
    ...{ family, ...range, granularity: granularity.optional(), generation: generation.optional() },
    names: flag.describe('give each row the names of its dimensions too'),
    what: z.enum(['latest', 'first', 'first-final', 'as-of']).default('as-of'),
    asOf: instant.optional().describe('the moment, for as-of'),
    by: z
      .enum(['event-time', 'known'])
      .default('event-time')
      .describe('for as-of: the clock of the log, or what had been received'),
  }),
  item: z.looseObject({
    ...{ family, key: z.string(), intervalStart: at, status: z.string(), revision: z.int() },
    from: z.enum(['kpi-log', 'fold']).describe('a revision that was published, or computed again'),
    names: z.record(z.string(), z.string()).optional(),
  }),
  run: async function* (call, { family: name, from, to, granularity: length, generation: of, what, asOf, by, names }) {
    const { config, tenant, logger, signal } = call
    const { generation: chosen, raw, kpi } = await streamsOf(call, of)
    const scope = scopeOf({ ...{ families: [name], granularity: length, from, to }, dimensions: {} })
    const wanted = whatOf(what, asOf, by)
    const { rows } = await withFacts(config, logger, (facts) =>
      rowsAs({ tenant, generation: chosen, scope, raw, kpi, data: config.data, facts, signal, logger }, wanted),
    )
    const known = names ? new Names(raw, tenant) : undefined
    for (const { row, from: source } of rows)
      yield {
        ...{ ...rowJson(row), from: source },
        ...(known === undefined ? {} : { names: await rowNames(known, row) }),
      }
  },
})

const whatOf = (kind: AsWhat['kind'], asOf: number | undefined, by: 'event-time' | 'known'): AsWhat => {
  if (kind !== 'as-of') return { kind }
  if (asOf === undefined)
    throw new ProblemError('not-valid', 'asOf: say of which moment, or what=first, first-final or latest')
  return { kind, at: asOf, by }
}

const auditLog = list({
  ...{ id: 'listAuditLog', command: 'audit log', method: 'GET', path: '/audit-log', access: 'evidence' },
  summary: 'what operators did: who, what, when, why, and how it ended',
  input: z.object({
    operation: z.string().optional().describe('only this operation, or those of a group: clock, deadletter'),
    by: z.string().optional(),
    result: z.enum([...operationResults, 'running', 'unknown']).optional(),
    from: instant.optional().describe('what began then or later'),
    to: instant.optional().describe('what began before'),
  }),
  item: z.looseObject({
    ...{ id: z.string(), operation: z.string(), by: z.string(), why: z.string().optional(), via: z.string() },
    ...{ began: at, ended: at.optional(), result: z.string() },
  }),
  run: async function* ({ logs, tenant }, filter) {
    const control = await ifThere(() => logs.control('reader'))
    if (control === undefined) return
    for (const each of await readOperations(control, tenant, filter)) yield { ...each }
  },
})

export const auditOperations: readonly Operation[] = [explained, explainedRaw, verified, supposed, asItWas, auditLog]
