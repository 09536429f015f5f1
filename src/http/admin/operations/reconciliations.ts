import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { z } from 'zod'
import { contractIn, defineContract, signContract } from '../../../app/operations/acceptance/contract.js'
import { judgeContract } from '../../../app/operations/acceptance/evaluate.js'
import { reconcileGeneration } from '../../../app/operations/acceptance/reconcile-generation.js'
import {
  ReconciliationRecord,
  readReconciliations,
  storeReconciliation,
  type Reconciliation,
} from '../../../app/operations/acceptance/reconciliation.js'
import { chosenGeneration, computedGenerations } from '../../../app/operations/computed.js'
import { ifThere } from '../../../log/if-there.js'
import { aggregateResponse, type AggregateResponse } from '../../../app/reconcile/aggregates.js'
import { parseTolerance } from '../../../app/reconcile/reasons/finding.js'
import type { ReconcileReport } from '../../../app/reconcile/report/report.js'
import { dimensionOfWire } from '../../../domain/dimensions.js'
import { ProblemError } from '../answers/problem.js'
import { answer, job, list, type Call, type Operation } from '../operation.js'
import { anyObject, at, change, family, generation, instant, isoOf } from './schemas.js'

const query = z.object({
  answers: z
    .union([z.array(anyObject).min(1), anyObject])
    .describe('an answer of conversations/, users/ or flows/aggregates/query of Genesys, or several'),
  ...{ generation: generation.optional(), family: family.optional() },
  tolerance: z.array(z.string()).default([]).describe('what is no difference: tHandle=count:0,sum:500 or *=sum:0.1%'),
  where: z.record(z.string(), z.string()).default({}).describe('the query was filtered so: { "mediaType": "voice" }'),
  groupBy: z.array(z.string()).optional().describe('the query was grouped so; by default what the groups have'),
  metrics: z.array(z.string()).optional().describe('the query asked for these; by default what stands in the answers'),
  from: instant.optional().describe('only intervals that start then or later; those that the answers omit were zero'),
  to: instant.optional().describe('only intervals that end then or before; those that the answers omit were zero'),
  complete: z.boolean().default(false).describe('groups of ours that the answers omit are differences'),
  limit: z.int().min(0).max(10_000).default(1_000).describe('differences in the result; figures counts all'),
})

type Query = z.output<typeof query>

const counts = z.object({ compared: z.int(), equal: z.int(), tolerated: z.int(), different: z.int() })

const reportSchema = z.looseObject({
  ...{ generation: z.string(), responses: z.int(), differences: z.array(anyObject), quarantined: z.array(anyObject) },
  figures: counts,
})

const compare = async (call: Call, input: Query, record?: ReconciliationRecord): Promise<ReconcileReport> => {
  const { logs, tenant, config, signal } = call
  const tolerance = parseTolerance(input.tolerance)
  if (E.isLeft(tolerance)) throw new ProblemError('not-valid', `tolerance: ${tolerance.left}`)
  const unknown = Object.keys(input.where).find((name) => dimensionOfWire(name) === undefined)
  if (unknown !== undefined) throw new ProblemError('not-valid', `where: rows have no ${unknown}`)
  const { groupBy, metrics, from, to, where } = input
  const chosen = chosenGeneration(await computedGenerations(logs, tenant), input.generation, tenant)
  return reconcileGeneration({
    ...{ logs, tenant, data: config.data, generation: chosen, family: input.family, where, signal, record },
    ...{ tolerance: tolerance.right, asked: { groupBy, metrics, from, to }, isComplete: input.complete },
    responses: responsesIn(input.answers),
    onProgress: (done) => call.onProgress({ done, of: undefined, unit: 'events' }),
  })
}

async function* responsesIn(answers: Query['answers']): AsyncIterable<AggregateResponse> {
  await Promise.resolve()
  for (const [index, json] of [answers].flat().entries()) {
    const response = aggregateResponse(json)
    if (E.isLeft(response))
      throw new ProblemError(
        'not-valid',
        `answers: answer ${index + 1} is not one of an aggregates query: ${response.left}`,
      )
    yield response.right
  }
}

const told = (report: ReconcileReport, { limit }: Query) =>
  ({ ...report, differences: report.differences.slice(0, limit) }) as never

const compared = job({
  ...{ id: 'compareWithGenesys', command: 'reconcile --no-record', method: 'POST', path: '/comparisons' },
  ...{ access: 'operations', input: query, output: reportSchema },
  summary: 'compare rows with answers of the aggregates queries of Genesys, each difference with its reason',
  run: async (call, input) => told(await compare(call, input), input),
})

const reconciled = job({
  ...{ id: 'reconcile', command: 'reconcile', method: 'POST', path: '/reconciliations', access: 'change' },
  ...{ input: query.extend({ why: change.why }), output: reportSchema },
  summary: 'the same, and keep the outcome in the log, where contracts of acceptance are judged by it',
  run: async (call, input) => {
    const record = new ReconciliationRecord()
    const report = await compare(call, input, record)
    call.signal.throwIfAborted()
    const { answers, limit: _, why: __, ...asked } = input
    const sha256 = createHash('sha256').update(JSON.stringify(answers)).digest('hex')
    const source = { file: 'admin API, as compact JSON', sha256 }
    const about = { by: call.by, at: isoOf(call.now()), source, query: asked }
    await storeReconciliation(call.logs, call.tenant, record.of(report, about))
    return told(report, input)
  },
})

/** What a kept reconciliation was, without its figures. */
const keptSchema = z.object({
  ...{ id: z.string(), at, by: z.string(), generation: z.string(), counts },
  source: z.object({ file: z.string(), sha256: z.string().nullable() }),
  ...{ query: anyObject, quarantined: z.int(), leftOut: z.int().describe('figures that were compared and not kept') },
  classes: z.record(z.string(), z.int()).describe('how many figures differ, by the class of the reason'),
})

const keptJson = (kept: Reconciliation) => {
  const { id, at: when, by, generation: of, counts: counted, source, query: asked, leftOut } = kept
  const classes: Record<string, number> = {}
  for (const { class: name } of kept.reasons) classes[name] = (classes[name] ?? 0) + 1
  return {
    ...{ id, at: when, by, generation: of, counts: counted, source, query: { ...asked }, leftOut, classes },
    quarantined: kept.quarantined.length,
  }
}

/** All that were kept, in the order in which they were. */
const keptReconciliations = async function* ({ logs, tenant }: Call): AsyncIterable<Reconciliation> {
  const control = await ifThere(() => logs.control('reader'))
  if (control !== undefined) yield* readReconciliations(control, tenant)
}

const keptOnes = list({
  ...{ id: 'listReconciliations', method: 'GET', path: '/reconciliations', access: 'operations' },
  summary: 'the reconciliations that were kept: what was compared, by whom, and how many figures differed and why',
  input: z.object({
    from: instant.optional().describe('those that were kept then or later'),
    to: instant.optional().describe('those that were kept before'),
  }),
  item: keptSchema,
  run: async function* (call, { from = -Infinity, to = Infinity }) {
    for await (const kept of keptReconciliations(call))
      if (Date.parse(kept.at) >= from && Date.parse(kept.at) < to) yield keptJson(kept)
  },
})

const keptDifferences = list({
  ...{ id: 'listReconciliationDifferences', method: 'GET', path: '/reconciliations/{id}/differences' },
  ...{
    access: 'operations',
    summary: 'the figures that differed in a reconciliation that was kept, each with its reason',
  },
  input: z.object({ id: z.string().describe('of a reconciliation that was kept') }),
  item: z.object({
    ...{ group: z.record(z.string(), z.string()), metric: z.string(), intervalStart: at, intervalEnd: at },
    ...{ class: z.string(), because: z.string() },
    theirs: anyObject.nullable().describe('statistics of Genesys; null where they were not kept'),
    ours: anyObject.nullable(),
  }),
  run: async function* (call, { id }) {
    for await (const kept of keptReconciliations(call)) {
      if (kept.id !== id) continue
      const figures = new Map(kept.figures.map((each) => [placeOf(each), each]))
      for (const { group, interval, metric, class: name, because } of kept.reasons) {
        const of = figures.get(placeOf({ group, interval, metric }))
        yield {
          ...{ group: { ...group }, metric, class: name, because },
          ...{ intervalStart: isoOf(interval.start), intervalEnd: isoOf(interval.end) },
          ...{ theirs: of === undefined ? null : { ...of.theirs }, ours: of === undefined ? null : { ...of.ours } },
        }
      }
      return
    }
    throw new ProblemError('not-found', `no reconciliation ${id} was kept; GET …/reconciliations lists them`)
  },
})

const placeOf = ({
  group,
  interval,
  metric,
}: Pick<Reconciliation['reasons'][number], 'group' | 'interval' | 'metric'>) =>
  JSON.stringify([Object.entries(group).sort(), interval.start, interval.end, metric])

const said = z.object({ by: z.string(), why: z.string().optional(), at })

const contractSchema = z.object({
  ...{ contract: anyObject, version: z.int() },
  ...{ defined: said, signatures: z.array(said) },
})

const name = z.string().describe('a contract of acceptance')
const saidBy = ({ by, why, now }: Call) => ({ by, ...(why === undefined ? {} : { why }), at: isoOf(now()) })

const defined = answer({
  ...{ id: 'defineContract', command: 'acceptance define', method: 'POST', path: '/acceptance-contracts' },
  ...{ access: 'change', summary: 'store a contract of acceptance; again under the same name: a new version' },
  input: z.object({ contract: anyObject.describe('as in a file of it (docs/acceptance.md)'), ...change }),
  output: z.object({ dryRun: z.boolean(), stored: contractSchema.nullable() }),
  run: async (call, { contract, dryRun }) => {
    const checked = contractIn(contract, 'contract')
    const stored = dryRun ? null : await defineContract(call.logs, call.tenant, checked, saidBy(call))
    return { dryRun, stored: stored as never }
  },
})

const signed = answer({
  ...{ id: 'signContract', command: 'acceptance sign', method: 'POST', path: '/acceptance-contracts/{name}/sign' },
  ...{ access: 'change', summary: 'sign the last version of a contract, as the name of the token' },
  input: z.object({ name, why: change.why }),
  output: contractSchema,
  run: async (call, { name: of }) => (await signContract(call.logs, call.tenant, of, saidBy(call))) as never,
})

const judged = job({
  ...{ id: 'judgeContract', command: 'acceptance report', method: 'POST' },
  ...{ path: '/acceptance-contracts/{name}/reports', access: 'operations' },
  summary: 'say per group and interval whether a contract held, by the reconciliations in the log',
  input: z.object({ name, from: instant.optional(), to: instant.optional() }),
  output: z.looseObject({
    ...{ contract: anyObject, version: z.int(), holds: z.boolean(), share: z.number().nullable() },
    ...{ reconciliations: z.int(), signatures: z.array(said), unsigned: z.array(z.string()) },
    groups: z.array(anyObject),
  }),
  run: async ({ logs, tenant }, input) => {
    const control = await ifThere(() => logs.control('reader'))
    if (control === undefined) throw new ProblemError('not-found', `there is no contract ${input.name}`)
    return (await judgeContract(control, { tenant, ...input })) as never
  },
})

export const reconciliationOperations: readonly Operation[] = [
  compared,
  reconciled,
  keptOnes,
  keptDifferences,
  defined,
  signed,
  judged,
]
