import { z } from 'zod'
import { isNamed } from '../../../app/names.js'
import { chosenGeneration, computedGenerations } from '../../../app/operations/computed.js'
import { columnsByName, figureName, joiningOf, type FigureColumn } from '../../../app/operations/figures/column.js'
import { NoSuchIntervals, readFigures, type Figures } from '../../../app/operations/figures/read-figures.js'
import { readRenderings } from '../../../app/renderings.js'
import { ifThere } from '../../../log/if-there.js'
import { intervalFault } from '../../../app/feeds/records/source-granularity.js'
import { rowStatuses } from '../../../contract/schema/row-schema.js'
import { dimensionDoc, dimensionNullDoc, isMultiValued } from '../../../domain/dimensions.js'
import { families, familyNames, type FamilyName } from '../../../domain/family.js'
import { granularities, granularityOf, intervalAt } from '../../../domain/granularity.js'
import { namedKpisOf } from '../../../domain/named-kpi.js'
import { nearNames } from '../../../domain/near-names.js'
import { frontierIn } from '../../../ingress/clock.js'
import { ProblemError } from '../answers/problem.js'
import { answer, list, type Call, type Operation } from '../operation.js'
import { at, family, generation, granularity, isoOf, range } from './schemas.js'
import { dimensionFilter } from './where.js'

/** A generation, how far its time has come, and how its rows are rendered. */
const readingOf = async ({ logs, tenant, config }: Call, name: string | undefined) => {
  const chosen = chosenGeneration(await computedGenerations(logs, tenant), name, tenant)
  const raw = await ifThere(() => logs.raw('reader'))
  const frontier = raw === undefined ? undefined : await frontierIn(raw, tenant)
  const renderings = await readRenderings(raw, tenant, chosen, frontier)
  const kpi = await logs.kpi(chosen.name, 'reader')
  return { chosen, frontier, renderings, of: { kpi, tenant, generation: chosen.name, data: config.data } }
}

const value = z
  .union([z.number(), z.tuple([z.number(), z.number()]), z.null()])
  .describe('a number, or numerator and denominator; null: nothing was counted')

const figures = list({
  ...{ id: 'listFigures', method: 'GET', path: '/figures', access: 'figures' },
  summary: 'chosen figures of a family by interval, hour or day; longer intervals are added up from rows',
  input: z.object({
    ...{ family, ...range, generation: generation.optional() },
    granularity: granularity.optional().describe('by default the base interval of the generation'),
    columns: z
      .string()
      .min(1)
      .transform((text) => text.split(','))
      .pipe(z.array(z.string()).min(1).max(400))
      .describe('names without the family, with commas: nOffered.count,serviceLevel,tHandle.p90'),
    where: z
      .string()
      .regex(/^\w+=.*$/, 'dimension=value')
      .optional()
      .describe('only rows with this value of a dimension, for example queueId=…'),
  }),
  item: z.object({
    key: z.string().describe('the key of the row; of rows that were added up, the key that their sum would have'),
    dimensions: z.array(z.string().nullable()).describe('in the order of the family'),
    ...{ intervalStart: at, intervalEnd: at, status: z.enum(rowStatuses), corrections: z.array(z.string()) },
    revision: z.int().nullable().describe('of the row; null where rows were added up'),
    rows: z.int().describe('how many rows were added up'),
    ...{ isEmpty: z.boolean(), erased: z.int(), serviceTarget: z.number().nullable() },
    values: z.array(value).describe('in the order of `columns`'),
  }),
  cursorOf: ({ intervalStart, key }) => JSON.stringify([intervalStart, key]),
  run: async function* (call, { family: name, from, to, granularity: length, columns, where, generation: one }, after) {
    const matches = dimensionFilter(name, where)
    const { chosen, frontier, renderings, of } = await readingOf(call, one)
    const [start, key = ''] = after === undefined ? [] : (JSON.parse(after) as readonly [string?, string?])
    const begin = start === undefined ? from : Date.parse(start)
    const wanted = {
      ...{ family: name, granularity: length ?? granularityOf(chosen.profile.intervalMs) ?? 'PT15M' },
      ...{ columns: chosenColumns(name, columns, columnsByName(name, renderings.profiles)), renderings, frontier },
      ...{ profile: chosen.profile, from: begin, to, matches, signal: call.signal },
    } as const
    try {
      for await (const interval of readFigures(of, wanted))
        for (const each of interval)
          if (start === undefined || each.interval.start > (begin as number) || each.key > key) yield figuresJson(each)
    } catch (cause) {
      if (cause instanceof NoSuchIntervals) throw new ProblemError('not-valid', `granularity: ${cause.message}`)
      throw cause
    }
  },
})

const figuresJson = ({ interval, dimensions, corrections, values, ...rest }: Figures) => ({
  ...rest,
  ...{ dimensions: [...dimensions], corrections: [...corrections] },
  ...{ intervalStart: isoOf(interval.start), intervalEnd: isoOf(interval.end) },
  values: values.map((each) => (typeof each === 'object' && each !== null ? ([...each] as [number, number]) : each)),
})

const chosenColumns = (
  name: FamilyName,
  wanted: readonly string[],
  known: ReadonlyMap<string, FigureColumn>,
): readonly FigureColumn[] =>
  wanted.map((each) => {
    const column = known.get(each)
    if (column !== undefined) return column
    const near = nearNames(each, [...known.keys()])
    throw new ProblemError(
      'not-valid',
      `columns: rows of ${name} have no ${each}; ${near.length === 0 ? '`GET …/figures/catalogue` lists them' : `did you mean ${near.join(' or ')}?`}`,
    )
  })

const catalogue = answer({
  ...{ id: 'showFigures', method: 'GET', path: '/figures/catalogue', access: 'figures' },
  summary: 'families, intervals and zone of a generation, and the figures of one family: what `GET …/figures` can give',
  input: z.object({ family: family.default('queue'), generation: generation.optional() }),
  output: z.object({
    ...{ generation: z.string(), frontier: at.nullable() },
    zone: z.object({
      name: z.string(),
      offsets: z.array(z.tuple([z.number(), z.number()])).describe('from when on (epoch ms), offset from UTC in ms'),
    }),
    lastDay: z.object({ start: at, end: at }).nullable().describe('the day of the zone that holds the frontier'),
    granularities: z.array(granularity).describe('intervals that can be asked for, the base interval first'),
    families: z.array(
      z.object({
        ...{ name: family, doc: z.string(), isOn: z.boolean() },
        dimensions: z.array(
          z.object({
            ...{ name: z.string(), doc: z.string(), whenNull: z.string() },
            ...{ isMultiValued: z.boolean(), isNamed: z.boolean() },
          }),
        ),
      }),
    ),
    figures: z.array(
      z.object({
        ...{ name: z.string(), unit: z.string(), formula: z.string(), doc: z.string() },
        joining: z.enum(['sum', 'min', 'max', 'ratio', 'quantile']).describe('how figures of rows become one'),
        ...{ isOn: z.boolean(), note: z.string().nullable() },
      }),
    ),
  }),
  run: async (call, { family: name, generation: one }) => {
    const { chosen, frontier, renderings } = await readingOf(call, one)
    const { zone, intervalMs } = chosen.profile
    const profile = renderings.profileAt(frontier ?? Date.parse(chosen.startedAt))
    const day = frontier === undefined ? undefined : intervalAt('P1D', zone, frontier - 1)
    const base = granularityOf(intervalMs) ?? 'PT15M'
    return {
      ...{ generation: chosen.name, frontier: frontier === undefined ? null : isoOf(frontier) },
      zone: { name: zone.name, offsets: zone.offsets.map(([from, offset]) => [from, offset] as [number, number]) },
      lastDay: day === undefined ? null : { start: isoOf(day.start), end: isoOf(day.end) },
      granularities: granularities
        .slice(granularities.indexOf(base))
        .filter((interval) => intervalFault({ interval, zone }, chosen.profile) === undefined),
      families: familyNames.map((each) => ({
        ...{ name: each, doc: families[each].doc, isOn: profile.families.includes(each) },
        dimensions: families[each].dimensions.map((dimension) => ({
          ...{ name: dimension, doc: dimensionDoc(dimension), whenNull: dimensionNullDoc(dimension) },
          ...{ isMultiValued: isMultiValued(dimension), isNamed: isNamed(dimension) },
        })),
      })),
      figures: namedKpisOf(profile, name).map((figure) => {
        const { unit, formula, doc, isOn, note } = figure
        return { ...{ name: figureName(figure), unit, formula, doc, joining: joiningOf(figure) }, isOn, note }
      }),
    }
  },
})

export const figureOperations: readonly Operation[] = [figures, catalogue]
