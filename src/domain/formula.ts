import * as E from 'fp-ts/lib/Either.js'
import jsep from 'jsep'
import { isMetricName, metricIndex, metricKind, type MetricName } from './metric.js'
import type { Measure } from './measure.js'

/**
 * Formulas of KPIs: `tAnswered.sum / tAnswered.count`, `(tAnswered.count - nOverSla.count) / (tAnswered.count + includeFlowOuts * tFlowOut.count)`. Above
 * and below the one division stand sums of measures (`metric.count`, `metric.sum`) with constant factors and options; nothing else, because only
 * such terms can be added over rows. Without a division the KPI is a quantity, and has no denominator.
 */
export type Formula = Readonly<{ text: string; numerator: Linear; denominator: Linear | null }>

/** A sum of measures: factor × option × … × measure. */
export type Linear = readonly Term[]
export type Term = Readonly<{ factor: number; options: readonly OptionName[]; metric: MetricName; statistic: 'count' | 'sum' }>

/** Switches and numbers of the profile and the organisation that a formula may multiply with; switches are 1 or 0. */
export const optionNames = ['includeFlowOuts', 'includeAbandons', 'includeShortAbandons', 'countNotResponding'] as const
export type OptionName = (typeof optionNames)[number]
export type Options = Readonly<Record<OptionName, number>>

const FORMULA_CHARS_MAX = 1_000

/** Reads a formula; the sentence on the left says what is wrong with it and where. */
export const parseFormula = (text: string): E.Either<string, Formula> => {
  if (text.length > FORMULA_CHARS_MAX) return E.left(`longer than ${FORMULA_CHARS_MAX} characters`)
  try {
    const node = jsep(text)
    if (node.type === 'BinaryExpression' && node['operator'] === '/') {
      const denominator = linear(node['right'] as jsep.Expression)
      return E.right({ text, numerator: linear(node['left'] as jsep.Expression), denominator })
    }
    return E.right({ text, numerator: linear(node), denominator: null })
  } catch (cause) {
    if (cause instanceof NotAFormula) return E.left(cause.message)
    // jsep says what it did not understand and at which character.
    return E.left((cause as Error).message)
  }
}

class NotAFormula extends Error {}

/** A sum of measures, or a number times options: what a part of a formula can be. */
type Part = Readonly<{ terms: Linear; scale: Scale | null }>
type Scale = Readonly<{ factor: number; options: readonly OptionName[] }>[]

const linear = (node: jsep.Expression): Linear => {
  const { terms, scale } = part(node)
  if (scale !== null)
    throw new NotAFormula('a number alone cannot be added over rows: multiply it with a measure, such as 1000 * nOffered.count')
  return merged(terms)
}

const part = (node: jsep.Expression): Part => {
  switch (node.type) {
    case 'Literal': {
      const value = node['value']
      if (typeof value !== 'number' || !Number.isFinite(value)) throw new NotAFormula(`${node['raw'] as string} is not a number`)
      return { terms: [], scale: [{ factor: value, options: [] }] }
    }
    case 'Identifier': {
      const name = node['name'] as string
      if ((optionNames as readonly string[]).includes(name)) return { terms: [], scale: [{ factor: 1, options: [name as OptionName] }] }
      if (isMetricName(name)) throw new NotAFormula(`say which statistic of ${name}: ${name}.count or ${name}.sum`)
      throw new NotAFormula(`${name} is neither a metric nor an option (${optionNames.join(', ')})`)
    }
    case 'MemberExpression':
      return { terms: [measure(node)], scale: null }
    case 'UnaryExpression':
      if (node['operator'] === '-') return times(part(node['argument'] as jsep.Expression), [{ factor: -1, options: [] }])
      if (node['operator'] === '+') return part(node['argument'] as jsep.Expression)
      throw new NotAFormula(`${node['operator'] as string} is not an operator of formulas`)
    case 'BinaryExpression':
      return binary(node['operator'] as string, part(node['left'] as jsep.Expression), part(node['right'] as jsep.Expression))
    default:
      throw new NotAFormula(`${words[node.type] ?? node.type} is not part of formulas: measures, numbers, options, + - * and one / are`)
  }
}

const words: Readonly<Record<string, string>> = {
  CallExpression: 'a function call',
  ConditionalExpression: 'a condition',
  ThisExpression: 'this',
  ArrayExpression: 'a list',
  Compound: 'more than one expression',
  SequenceExpression: 'more than one expression',
}

const measure = (node: jsep.Expression): Term => {
  const object = node['object'] as jsep.Expression
  const property = node['property'] as jsep.Expression
  const metric = object['name'] as string
  const statistic = property['name'] as string
  if (node['computed'] === true || object.type !== 'Identifier') throw new NotAFormula('a measure is written metric.count or metric.sum')
  if (!isMetricName(metric)) throw new NotAFormula(`${metric} is not a metric`)
  if (statistic !== 'count' && statistic !== 'sum')
    throw new NotAFormula(`${metric}.${statistic}: only count and sum can be added over rows`)
  if (metricKind(metric) === 'count' && statistic === 'sum') throw new NotAFormula(`${metric} counts: take ${metric}.count`)
  if (metricKind(metric) === 'state' && statistic === 'count') throw new NotAFormula(`${metric} is a time: take ${metric}.sum`)
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
      throw new NotAFormula('only one division, of the whole: (…) / (…)')
    }
    default:
      throw new NotAFormula(`${operator} is not an operator of formulas: + - * and one / are`)
  }
}

const plus = (left: Part, right: Part): Part => {
  if (left.scale !== null && right.scale !== null) return { terms: [], scale: [...left.scale, ...right.scale] }
  if (left.scale !== null || right.scale !== null) throw new NotAFormula('a number cannot be added to a measure: it would count once a row')
  return { terms: [...left.terms, ...right.terms], scale: null }
}

const times = ({ terms, scale }: Part, by: Scale): Part => ({
  terms: terms.flatMap((term) =>
    by.map(({ factor, options }) => ({ ...term, factor: term.factor * factor, options: [...term.options, ...options] })),
  ),
  scale:
    scale === null
      ? null
      : scale.flatMap((one) => by.map((two) => ({ factor: one.factor * two.factor, options: [...one.options, ...two.options] }))),
})

/** Adds up equal terms; options are 0 or 1, so naming one twice is naming it once. */
const merged = (terms: Linear): Linear => {
  const sums = new Map<string, Term>()
  for (const term of terms) {
    const options = [...new Set(term.options)].sort()
    const key = [term.metric, term.statistic, ...options].join(' ')
    sums.set(key, { ...term, options, factor: (sums.get(key)?.factor ?? 0) + term.factor })
  }
  return [...sums.values()].filter(({ factor }) => factor !== 0)
}

/** A sum with the options put in, ready to be worked out for many rows. */
export type Compiled = readonly Readonly<{ place: number; isSum: boolean; factor: number }>[]

export const compile = (terms: Linear, options: Options): Compiled => {
  const sums = new Map<string, { place: number; isSum: boolean; factor: number }>()
  for (const { metric, statistic, factor, options: names } of terms) {
    const value = names.reduce((product, name) => product * options[name], factor)
    const key = `${metric}.${statistic}`
    const sum = sums.get(key)
    if (sum === undefined) sums.set(key, { place: metricIndex.get(metric) as number, isSum: statistic === 'sum', factor: value })
    else sum.factor += value
  }
  return [...sums.values()].filter(({ factor }) => factor !== 0)
}

export const evaluate = (sum: Compiled, measures: readonly (Measure | undefined)[]): number => {
  let value = 0
  for (const { place, isSum, factor } of sum) {
    const found = measures[place]
    if (found !== undefined) value += factor * (isSum ? found.sum : found.count)
  }
  return value
}
