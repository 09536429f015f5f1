import { z } from 'zod'
import { Names, namesOfAll, namedDimensions, rowNames } from '../../../app/names.js'
import { corrections, readCorrections } from '../../../app/operations/corrections.js'
import { chosenGeneration, computedGenerations } from '../../../app/operations/computed.js'
import { readIntervals } from '../../../app/operations/intervals.js'
import { ifThere } from '../../../log/if-there.js'
import { latestRowsInOrder } from '../../../app/operations/rows.js'
import { markerJson } from '../../../contract/completeness-codec.js'
import { rowJson } from '../../../contract/row-json.js'
import { rowStatuses } from '../../../contract/schema/row-schema.js'
import { list, type Call, type Operation } from '../operation.js'
import { anyObject, at, family, flag, generation, granularity, isoOf, position, range } from './schemas.js'
import { dimensionFilter } from './where.js'

const chosen = async ({ logs, tenant }: Call, name: string | undefined) =>
  chosenGeneration(await computedGenerations(logs, tenant), name, tenant)

const rows = list({
  ...{ id: 'listRows', method: 'GET', path: '/rows', access: 'figures' },
  summary: 'the latest rows of a family, by start of their intervals and key',
  input: z.object({
    ...{ family, ...range, granularity: granularity.optional(), generation: generation.optional() },
    status: z.enum(rowStatuses).optional(),
    where: z
      .string()
      .regex(/^\w+=.*$/, 'dimension=value')
      .optional()
      .describe('only rows with this value of a dimension, for example queueId=…'),
    names: flag.describe('give each row the names of its dimensions too'),
  }),
  item: z.looseObject({
    ...{ family, key: z.string(), tenant: z.string(), granularity, intervalStart: at, intervalEnd: at },
    ...{ status: z.enum(rowStatuses), revision: z.int(), measures: anyObject, kpis: anyObject },
    names: z
      .record(z.string(), z.string())
      .optional()
      .describe('what Genesys calls the values of the dimensions, by dimension, as far as the log says'),
  }),
  cursorOf: ({ intervalStart, key }) => JSON.stringify([intervalStart, key]),
  run: async function* (
    call,
    { family: name, from, to, granularity: length, generation: of, status, where, names: isNamed },
    after,
  ) {
    const { name: one } = await chosen(call, of)
    const kpi = await call.logs.kpi(one, 'reader')
    const [start, key = ''] = after === undefined ? [] : (JSON.parse(after) as readonly [string?, string?])
    const begin = start === undefined ? from : Date.parse(start)
    const isWanted = dimensionFilter(name, where)
    const rowsOf = { kpi, tenant: call.tenant, generation: one, data: call.config.data }
    const windows = latestRowsInOrder(rowsOf, {
      ...{ family: name, granularity: length, from: begin, to, status, signal: call.signal },
      matches: (row) => isWanted(row) && (start === undefined || row.start > (begin as number) || row.key > key),
    })
    const names = isNamed ? new Names(await ifThere(() => call.logs.raw('reader')), call.tenant) : undefined
    for await (const rows of windows)
      for (const row of rows)
        yield names === undefined ? rowJson(row) : { ...rowJson(row), names: await rowNames(names, row) }
  },
})

const intervals = list({
  ...{ id: 'listIntervals', method: 'GET', path: '/intervals', access: 'figures' },
  summary: 'the complete intervals, with rows, digest and number of their markers',
  input: z.object({
    ...{ family: family.optional(), granularity: granularity.optional(), generation: generation.optional(), ...range },
    check: flag.describe('compute rows and digest again from the stored rows'),
  }),
  item: z.looseObject({
    ...{ family, granularity, intervalStart: at, intervalEnd: at, number: z.int(), rows: z.int() },
    check: z.enum(['matches', 'changed', 'differs']).optional(),
  }),
  run: async function* (call, { check, generation: of, ...wanted }) {
    const { name } = await chosen(call, of)
    const kpi = await call.logs.kpi(name, 'reader')
    const rowsOf = { kpi, tenant: call.tenant, generation: name, data: call.config.data }
    for (const { marker, check: found } of await readIntervals(rowsOf, { ...wanted, check, signal: call.signal }))
      yield {
        ...markerJson(marker),
        ...(found === undefined ? {} : { check: found.result, computed: found.computed }),
      } as never
  },
})

const figure = z.number().nullable()

const restated = list({
  ...{ id: 'listCorrections', method: 'GET', path: '/corrections', access: 'figures' },
  summary: 'the rows that were restated after they were final, with reason and changes',
  input: z.object({
    ...{ family: family.optional(), generation: generation.optional(), ...range },
    key: z.string().optional().describe('a row key, or the beginning of row keys'),
    reason: z.enum(corrections).optional(),
  }),
  item: z.object({
    ...{ key: z.string(), family, reason: z.string(), intervalStart: at, intervalEnd: at },
    revision: z.object({ before: z.int().nullable(), after: z.int() }),
    ...{ streamRevision: z.int(), position, foldedThrough: position.nullable() },
    changes: z.array(z.object({ figure: z.string(), statistic: z.string(), before: figure, after: figure })),
  }),
  run: async function* (call, { generation: of, ...wanted }) {
    const { name } = await chosen(call, of)
    const kpi = await call.logs.kpi(name, 'reader')
    const rowsOf = { kpi, tenant: call.tenant, generation: name, data: call.config.data }
    for await (const one of readCorrections(rowsOf, { ...wanted, signal: call.signal })) {
      const { start, end, position: place, foldedThrough, changes, ...rest } = one
      yield {
        ...{ ...rest, intervalStart: isoOf(start), intervalEnd: isoOf(end), position: String(place) },
        foldedThrough: foldedThrough === null ? null : String(foldedThrough),
        changes: [...changes],
      }
    }
  },
})

const named = list({
  ...{ id: 'listNames', method: 'GET', path: '/names', access: 'figures' },
  summary: 'what Genesys calls queues, users, skills, languages, wrap-up codes, divisions and presences',
  input: z.object({ dimension: z.enum(namedDimensions).optional().describe('default: all') }),
  item: z.object({ dimension: z.enum(namedDimensions), id: z.string(), name: z.string() }),
  run: async function* ({ logs, tenant }, { dimension }) {
    const raw = await ifThere(() => logs.raw('reader'))
    for (const each of dimension === undefined ? namedDimensions : [dimension])
      for (const [id, name] of await namesOfAll(raw, tenant, each)) yield { dimension: each, id, name }
  },
})

export const rowOperations: readonly Operation[] = [rows, intervals, restated, named]
