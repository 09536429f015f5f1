import * as E from './either.js'
import jsep from 'jsep'
import { COUNT, SUM } from './flat-measures.js'
import { isMetricName, metricIndex, metricKind, type MetricName } from './metric.js'

/**
 * Formulas of KPIs: `tAnswered.sum / tAnswered.count`, `(tAnswered.count - nOverSla.count) / (tAnswered.count +
 * includeFlowOuts * tFlowOut.count)`. Above and below the one division stand sums of measures (`metric.count`,
 * `metric.sum`) with constant factors and options; nothing else, because only such terms can be added over rows.
 * Without a division the KPI is a quantity, and has no denominator.
 */
export type Formula = Readonly<{ text: string; numerator: Linear; denominator: Linear | null }>

/** A sum of measures: factor × option × … × measure. */
export type Linear = readonly Term[]
export type Term = Readonly<{
  factor: number
  options: readonly OptionName[]
  metric: MetricName
  statistic: 'count' | 'sum'
}>

/** Switches (0 or 1) of the profile and the organisation, by which a formula may multiply. */
export const optionNames = ['includeFlowOuts', 'includeAbandons', 'includeShortAbandons', 'countNotResponding'] as const
export type OptionName = (typeof optionNames)[number]
export type Options = Readonly<Record<OptionName, number>>

export const FORMULA_CHARS_MAX = 1_000

/** Far beyond any unit, and small enough that no sum of a row multiplied with it is infinite. */
const FACTOR_MAX = 1e15

/** Parses a formula. The left side says what is wrong with it and where. */
export const parseFormula = (text: string): E.Either<string, Formula> => {
  if (text.length > FORMULA_CHARS_MAX) return E.left(`longer than ${FORMULA_CHARS_MAX} characters`)
  try {
    const node = jsep(text)
    const below =
      node.type === 'BinaryExpression' && node['operator'] === '/' ? part(node['right'] as jsep.Expression) : null
    // A division by a number, such as 1000 for seconds, still gives a quantity.
    if (below === null || below.scale !== null)
      return E.right({ text, numerator: linear(part(node)), denominator: null })
    const numerator = linear(part(node['left'] as jsep.Expression))
    const denominator = linear(below)
    if (denominator.length === 0) return E.left('what it divides by is always 0')
    return E.right({ text, numerator, denominator })
  } catch (cause) {
    if (cause instanceof NotAFormula) return E.left(cause.message)
    // jsep reports what it did not understand, and at which character.
    return E.left((cause as Error).message)
  }
}

class NotAFormula extends Error {}

/**
 * A part of a formula: a sum of measures, or (`scale`) a sum of numbers times options. Equal terms are added up at
 * every step: otherwise a product of many sums in brackets, which fits into a short text, would have more terms than
 * fit into memory.
 */
type Part = Readonly<{ terms: Linear; scale: Scale | null }>
type Scale = readonly Readonly<{ factor: number; options: readonly OptionName[] }>[]

const linear = ({ terms, scale }: Part): Linear => {
  if (scale !== null)
    throw new NotAFormula(
      'a number alone cannot be added over rows: multiply it with a measure, such as 1000 * nOffered.count',
    )
  // Written so that NaN, such as Infinity − Infinity, is rejected too.
  const wild = terms.find(({ factor }) => !(Math.abs(factor) <= FACTOR_MAX))
  if (wild !== undefined)
    throw new NotAFormula(`the factor of ${wild.metric}.${wild.statistic} is larger than ${FACTOR_MAX}`)
  return terms
}

const part = (node: jsep.Expression): Part => {
  switch (node.type) {
    case 'Literal': {
      const value = node['value']
      if (typeof value !== 'number' || !Number.isFinite(value))
        throw new NotAFormula(`${node['raw'] as string} is not a number`)
      return { terms: [], scale: [{ factor: value, options: [] }] }
    }
    case 'Identifier': {
      const name = node['name'] as string
      if ((optionNames as readonly string[]).includes(name))
        return { terms: [], scale: [{ factor: 1, options: [name as OptionName] }] }
      if (isMetricName(name)) throw new NotAFormula(`say which statistic of ${name}: ${name}.count or ${name}.sum`)
      throw new NotAFormula(`${name} is neither a metric nor an option (${optionNames.join(', ')})`)
    }
    case 'MemberExpression':
      return { terms: [measure(node)], scale: null }
    case 'Compound':
      if ((node['body'] as readonly jsep.Expression[]).length === 0)
        throw new NotAFormula('nothing stands where a measure should')
      throw new NotAFormula('more than one expression: a formula is one sum, or one sum divided by another')
    case 'UnaryExpression':
      if (node['operator'] === '-')
        return times(part(node['argument'] as jsep.Expression), [{ factor: -1, options: [] }])
      if (node['operator'] === '+') return part(node['argument'] as jsep.Expression)
      throw new NotAFormula(`${node['operator'] as string} is not an operator of formulas`)
    case 'BinaryExpression':
      return binary(
        node['operator'] as string,
        part(node['left'] as jsep.Expression),
        part(node['right'] as jsep.Expression),
      )
    default:
      throw new NotAFormula(
        `${words[node.type] ?? node.type} is not part of formulas: measures, numbers, options, + - * and one / are`,
      )
  }
}

const words: Readonly<Record<string, string>> = {
  CallExpression: 'a function call',
  ConditionalExpression: 'a condition',
  ThisExpression: 'this',
  ArrayExpression: 'a list',
  SequenceExpression: 'more than one expression',
}

const measure = (node: jsep.Expression): Term => {
  const object = node['object'] as jsep.Expression
  const property = node['property'] as jsep.Expression
  const metric = object['name'] as string
  const statistic = property['name'] as string
  if (node['computed'] === true || node['optional'] === true || object.type !== 'Identifier')
    throw new NotAFormula('a measure is written metric.count or metric.sum')
  if (!isMetricName(metric)) throw new NotAFormula(`${metric} is not a metric`)
  if (statistic !== 'count' && statistic !== 'sum')
    throw new NotAFormula(`${metric}.${statistic}: only count and sum can be added over rows`)
  if (metricKind(metric) === 'count' && statistic === 'sum')
    throw new NotAFormula(`${metric} counts: take ${metric}.count`)
  if (metricKind(metric) === 'state' && statistic === 'count')
    throw new NotAFormula(`${metric} is a time: take ${metric}.sum`)
  return { factor: 1, options: [], metric, statistic }
}

const binary = (operator: string, left: Part, right: Part): Part => {
  switch (operator) {
    case '+':
      return plus(left, right)
    case '-':
      return plus(left, times(right, [{ factor: -1, options: [] }]))
    case '*':
      if (left.scale !== null) return times(right, left.scale)
      if (right.scale !== null) return times(left, right.scale)
      throw new NotAFormula('measures multiplied with each other cannot be added over rows')
    case '/': {
      const [only] = right.scale ?? []
      if (right.scale?.length === 1 && only !== undefined && only.options.length === 0 && only.factor !== 0)
        return times(left, [{ factor: 1 / only.factor, options: [] }])
      if (right.scale !== null) throw new NotAFormula('a division is by measures, or by a number that is not 0')
      throw new NotAFormula('only one division, of the whole: (…) / (…)')
    }
    default:
      throw new NotAFormula(`${operator} is not an operator of formulas: + - * and one / are`)
  }
}

const plus = (left: Part, right: Part): Part => {
  if (left.scale !== null && right.scale !== null)
    return { terms: [], scale: mergedScale([...left.scale, ...right.scale]) }
  if (left.scale !== null || right.scale !== null)
    throw new NotAFormula('a number cannot be added to a measure: it would count once a row')
  return { terms: mergedTerms([...left.terms, ...right.terms]), scale: null }
}

const times = ({ terms, scale }: Part, by: Scale): Part =>
  scale === null
    ? { terms: mergedTerms(multiplied(terms, by)), scale }
    : { terms: [], scale: mergedScale(multiplied(scale, by)) }

/** Options are 0 or 1, so an option times itself is the option. */
const multiplied = <A extends Scale[number]>(left: readonly A[], right: Scale): readonly A[] =>
  left.flatMap((one) =>
    right.map(({ factor, options }) => ({
      ...one,
      factor: one.factor * factor,
      options: [...new Set([...one.options, ...options])].sort(),
    })),
  )

const mergedTerms = (terms: Linear): Linear =>
  merged(terms, ({ metric, statistic, options }) => [metric, statistic, ...options].join(' '))

const mergedScale = (scale: Scale): Scale => merged(scale, ({ options }) => options.join(' '))

/** Adds up terms that differ in their factor only. */
const merged = <A extends Scale[number]>(list: readonly A[], keyOf: (one: A) => string): readonly A[] => {
  const sums = new Map<string, A>()
  for (const one of list) {
    const key = keyOf(one)
    sums.set(key, { ...one, factor: (sums.get(key)?.factor ?? 0) + one.factor })
  }
  return [...sums.values()].filter(({ factor }) => factor !== 0)
}

/**
 * A sum with the options applied, ready to be evaluated for many rows. `place` is the metric's place in the measures.
 */
export type Compiled = readonly Readonly<{ place: number; isSum: boolean; factor: number }>[]

/** Applies the options. Terms that they switch off are dropped. */
export const compile = (terms: Linear, options: Options): Compiled => {
  const sums = new Map<string, { place: number; isSum: boolean; factor: number }>()
  for (const { metric, statistic, factor, options: names } of terms) {
    const value = names.reduce((product, name) => product * options[name], factor)
    const key = `${metric}.${statistic}`
    const sum = sums.get(key)
    if (sum === undefined)
      sums.set(key, { place: metricIndex.get(metric) as number, isSum: statistic === 'sum', factor: value })
    else sum.factor += value
  }
  return [...sums.values()].filter(({ factor }) => factor !== 0)
}

/**
 * The value for the measures of one row, in their unit, which lie flat: `offsets` says where, by place of the metric. An
 * absent measure counts 0.
 */
export const evaluate = (sum: Compiled, offsets: Int16Array, numbers: readonly number[]): number => {
  let value = 0
  for (let index = 0; index < sum.length; index++) {
    const { place, isSum, factor } = sum[index] as Compiled[number]
    const offset = offsets[place] as number
    if (offset >= 0) value += factor * (numbers[offset + (isSum ? SUM : COUNT)] as number)
  }
  return value
}
