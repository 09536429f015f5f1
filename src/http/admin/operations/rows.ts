import { z } from 'zod'
import { corrections, readCorrections } from '../../../app/operations/corrections.js'
import { chosenGeneration, computedGenerations } from '../../../app/operations/computed.js'
import { readIntervals } from '../../../app/operations/intervals.js'
import { latestRowsInOrder } from '../../../app/operations/rows.js'
import { markerJson } from '../../../contract/completeness-codec.js'
import { rowJson } from '../../../contract/row-json.js'
import { rowStatuses } from '../../../contract/schema/row-schema.js'
import { families, type FamilyName } from '../../../domain/family.js'
import type { Row } from '../../../domain/row.js'
import { ProblemError } from '../answers/problem.js'
import { list, type Call, type Operation } from '../operation.js'
import { anyObject, at, family, flag, generation, granularity, isoOf, position, range } from './schemas.js'

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
  }),
  item: z.looseObject({
    ...{ family, key: z.string(), tenant: z.string(), granularity, intervalStart: at, intervalEnd: at },
    ...{ status: z.enum(rowStatuses), revision: z.int(), measures: anyObject, kpis: anyObject },
  }),
  cursorOf: ({ intervalStart, key }) => JSON.stringify([intervalStart, key]),
  run: async function* (call, { family: name, from, to, granularity: length, generation: of, status, where }, after) {
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
    for await (const rows of windows) for (const row of rows) yield rowJson(row)
  },
})

const dimensionFilter = (name: FamilyName, where: string | undefined): ((row: Row) => boolean) => {
  if (where === undefined) return () => true
  const [, dimension = '', value] = /^(\w+)=(.*)$/s.exec(where) ?? []
  const { dimensions } = families[name]
  const place = (dimensions as readonly string[]).indexOf(dimension)
  if (place < 0)
    throw new ProblemError(
      'not-valid',
      `where: rows of ${name} have no ${dimension}; they have ${dimensions.join(', ')}`,
    )
  return (row) => row.dimensions[place] === value
}

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

export const rowOperations: readonly Operation[] = [rows, intervals, restated]
