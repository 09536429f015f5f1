import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { flatMeasuresOf, offsetsOf } from '../../src/domain/flat-measures.js'
import {
  type Compiled,
  compile,
  evaluate,
  FORMULA_CHARS_MAX,
  optionNames,
  parseFormula,
  type Formula,
  type Options,
} from '../../src/domain/formula.js'
import { addMeasures, type Measure } from '../../src/domain/measure.js'
import { metricKind, metricNames, type MetricName } from '../../src/domain/metric.js'
import { noSketch } from '../../src/domain/sketch.js'

const off: Options = { includeFlowOuts: 0, includeAbandons: 0, includeShortAbandons: 0, countNotResponding: 0 }

type Measures = readonly (Measure | undefined)[]
const measures = (of: Partial<Record<MetricName, readonly [count: number, sum: number]>>): Measures =>
  metricNames.map((name) => {
    const found = of[name]
    return found === undefined ? undefined : { count: found[0], sum: found[1], min: 0, max: found[1], sketch: noSketch }
  })

const parsed = (text: string): Formula => {
  const result = parseFormula(text)
  if (E.isLeft(result)) throw new Error(`${text}: ${result.left}`)
  return result.right
}

const evaluated = (sum: Compiled, of: Measures): number => {
  const { places, numbers } = flatMeasuresOf(of)
  return evaluate(sum, offsetsOf(places), numbers)
}

const valueOf = (text: string, of: Measures, options = off): readonly [number, number | null] => {
  const { numerator, denominator } = parsed(text)
  return [
    evaluated(compile(numerator, options), of),
    denominator === null ? null : evaluated(compile(denominator, options), of),
  ]
}

const refusal = (text: string): string => {
  const result = parseFormula(text)
  if (E.isRight(result)) throw new Error(`${text} was taken: ${JSON.stringify(result.right)}`)
  return result.left
}

const some = measures({ tAnswered: [3, 42_000], tAbandon: [5, 7_000], nOffered: [11, 11], oMessageCount: [2, 17.25] })

describe('a formula', () => {
  test.each<[string, readonly [number, number | null]]>([
    ['nOffered.count', [11, null]],
    ['tAnswered.sum / tAnswered.count', [42_000, 3]],
    ['tAnswered.count + tAbandon.count', [8, null]],
    ['tAnswered.count - tAbandon.count', [-2, null]],
    ['-(tAnswered.count - tAbandon.count)', [2, null]],
    ['+tAnswered.count', [3, null]],
    ['tAnswered.count - (tAbandon.count - nOffered.count)', [9, null]],
    ['2 * (tAnswered.count + 3 * tAbandon.count)', [36, null]],
    ['(tAnswered.count + tAbandon.count) * 2', [16, null]],
    ['(1 + 2) * (5 - 1) * nOffered.count', [132, null]],
    ['tAnswered.sum / 1000', [42, null]],
    ['(tAnswered.sum / 1000 + tAbandon.sum / 1000) / (tAnswered.count + tAbandon.count)', [49, 8]],
    ['tAnswered.sum / (2 * 500)', [42, null]],
    ['oMessageCount.sum / oMessageCount.count', [17.25, 2]],
    ['100 * tAbandon.count / nOffered.count', [500, 11]],
    ['tHandle.sum / tHandle.count', [0, 0]],
    ['tHandle.count + tAnswered.count', [3, null]],
    ['tAnswered.count+\n\ttAbandon.count', [8, null]],
  ])('%s is worked out', (text, value) => {
    expect(valueOf(text, some)).toEqual(value)
  })

  test.each(optionNames)('multiplies with %s, which is 0 or 1', (option) => {
    expect(valueOf(`tAnswered.count + ${option} * tAbandon.count`, some, off)).toEqual([3, null])
    expect(valueOf(`tAnswered.count + ${option} * tAbandon.count`, some, { ...off, [option]: 1 })).toEqual([8, null])
    expect(valueOf(`(1 - ${option}) * tAbandon.count`, some, { ...off, [option]: 1 })).toEqual([0, null])
  })

  test('does without what the options switch off, and knows each measure once', () => {
    const { numerator } = parsed('includeFlowOuts * tFlowOut.count + tAnswered.count + tAnswered.count')
    expect(compile(numerator, off)).toHaveLength(1)
    expect(compile(numerator, { ...off, includeFlowOuts: 1 })).toHaveLength(2)
  })

  test('is linear: of rows added it is the sum of what it is of each', () => {
    const statistics = metricNames.flatMap((name) => {
      const kind = metricKind(name)
      return kind === 'count'
        ? [`${name}.count`]
        : kind === 'state'
          ? [`${name}.sum`]
          : [`${name}.count`, `${name}.sum`]
    })
    const term = fc
      .tuple(
        fc.integer({ min: -5, max: 5 }),
        fc.option(fc.constantFrom(...optionNames), { nil: undefined }),
        fc.constantFrom(...statistics),
      )
      .map(([factor, option, measure]) =>
        [`(${factor})`, ...(option === undefined ? [] : [option]), measure].join(' * '),
      )
    const sum = fc.array(term, { minLength: 1, maxLength: 5 }).map((terms) => terms.join(' + '))
    // Some factor is not 0: a denominator that always is would be refused.
    const anyFormula = fc.tuple(sum, sum).map(([above, below]) => `(${above}) / (7 * tWait.count + ${below})`)
    const anyMeasure = fc.option(
      fc
        .tuple(fc.nat(1e6), fc.nat(1e12))
        .map(([count, total]): Measure => ({ count, sum: total, min: 0, max: total, sketch: noSketch })),
      { nil: undefined },
    )
    const anyRow = fc.array(anyMeasure, { minLength: metricNames.length, maxLength: metricNames.length })
    const anyOptions = fc.record(
      Object.fromEntries(optionNames.map((name) => [name, fc.nat(1)])),
    ) as fc.Arbitrary<Options>
    const add = (a: Measures, b: Measures): Measures =>
      a.map((left, place) => {
        const right = b[place]
        return left === undefined ? right : right === undefined ? left : addMeasures(left, right)
      })
    fc.assert(
      fc.property(anyFormula, anyOptions, anyRow, anyRow, (text, options, a, b) => {
        fc.pre(E.isRight(parseFormula(text)))
        const [one, two, both] = [
          valueOf(text, a, options),
          valueOf(text, b, options),
          valueOf(text, add(a, b), options),
        ]
        expect(both).toEqual([one[0] + two[0], (one[1] as number) + (two[1] as number)])
      }),
      { numRuns: 500 },
    )
  })
})

describe('refused, in words:', () => {
  test.each<[string, RegExp]>([
    ['', /^nothing stands where a measure should$/],
    ['()', /^nothing stands/],
    ['tAnswered.count + ()', /^Expected expression after \+ at character 20$/],
    ['tAnswered', /^say which statistic of tAnswered: tAnswered\.count or tAnswered\.sum$/],
    ['tAnswered.max', /^tAnswered\.max: only count and sum can be added over rows$/],
    ['tAnswered.p95', /^tAnswered\.p95: only count and sum/],
    ['nOffered.sum', /^nOffered counts: take nOffered\.count$/],
    ['tRoutingStatusIdle.count', /^tRoutingStatusIdle is a time: take tRoutingStatusIdle\.sum$/],
    ['tAnswerd.count', /^tAnswerd is not a metric$/],
    ['answered', /^answered is neither a metric nor an option \(includeFlowOuts, /],
    ['tAnswered.count * tAbandon.count', /^measures multiplied with each other cannot be added over rows$/],
    ['tAnswered.count * (tAbandon.count + nOffered.count)', /^measures multiplied/],
    ['tAnswered.count + 1', /^a number cannot be added to a measure: it would count once a row$/],
    ['includeFlowOuts - tAnswered.count', /^a number cannot be added/],
    ['5', /^a number alone cannot be added over rows/],
    ['includeFlowOuts', /^a number alone/],
    ['5 / tAnswered.count', /^a number alone/],
    ['tAnswered.count / tAbandon.count / nOffered.count', /^only one division, of the whole/],
    ['tAnswered.sum / tAnswered.count + tAbandon.sum / tAbandon.count', /^only one division, of the whole/],
    ['1 - tAnswered.count / nOffered.count', /^only one division, of the whole/],
    ['tAnswered.count / 0', /^a division is by measures, or by a number that is not 0$/],
    ['tAnswered.count / includeFlowOuts', /^a division is by measures/],
    ['tAnswered.count / (tAbandon.count - tAbandon.count)', /^what it divides by is always 0$/],
    ['1e200 * 1e200 * tAnswered.count', /^the factor of tAnswered\.count is larger than 1000000000000000$/],
    ['tAnswered.count / 1e-320', /^the factor of tAnswered\.count is larger/],
    ['(1e308 * 10 - 1e308 * 10) * tAnswered.count', /^the factor of tAnswered\.count is larger/],
    ['1e999 * tAnswered.count', /^1e999 is not a number$/],
    ['"1" * tAnswered.count', /^"1" is not a number$/],
    ['true * tAnswered.count', /^true is not a number$/],
    ['max(tAnswered.sum)', /^a function call is not part of formulas/],
    ['tAnswered.count.valueOf()', /^a function call is not part/],
    ['tAnswered.count ? tAnswered.sum : tAbandon.sum', /^a condition is not part/],
    ['[tAnswered.count]', /^a list is not part/],
    ['this', /^this is not part/],
    ['this.constructor', /^a measure is written metric\.count or metric\.sum$/],
    ['tAnswered.count.sum', /^a measure is written/],
    ['tAnswered["count"]', /^a measure is written/],
    ['tAnswered?.count', /^a measure is written/],
    ['tAnswered.constructor', /^tAnswered\.constructor: only count and sum/],
    ['constructor', /^constructor is neither a metric nor an option/],
    ['constructor.constructor', /^constructor is not a metric$/],
    ['__proto__.count', /^__proto__ is not a metric$/],
    ['toString.sum', /^toString is not a metric$/],
    ['tAnswered.count ** 2', /^\*\* is not an operator of formulas/],
    ['tAnswered.count % 2', /^% is not an operator of formulas: \+ - \* and one \/ are$/],
    ['tAnswered.count > 2', /^> is not an operator/],
    ['tAnswered.count && tAbandon.count', /^&& is not an operator/],
    ['!tAnswered.count', /^! is not an operator/],
    ['tAnswered.count tAbandon.count', /^more than one expression/],
    ['tAnswered.count; tAbandon.count', /^more than one expression/],
    ['(tAnswered.count, tAbandon.count)', /^more than one expression/],
    ['tAnswered.count = 1', /^Unexpected "=" at character 16$/],
    ['`tAnswered`', /^Unexpected "`" at character 0$/],
    ['(tAnswered.count', /^Unclosed \( at character 16$/],
  ])('%s', (text, reason) => {
    expect(refusal(text)).toMatch(reason)
  })

  test('more characters than a formula may have', () => {
    const longest = 'tAnswered.count'.padEnd(FORMULA_CHARS_MAX)
    expect(valueOf(longest, some)).toEqual([3, null])
    expect(refusal(`${longest} `)).toBe('longer than 1000 characters')
  })
})

describe('whatever is written', () => {
  const pieces = [
    ...[
      'tAnswered',
      'nOffered',
      'tRoutingStatusIdle',
      '.count',
      '.sum',
      '.max',
      'includeFlowOuts',
      'countNotResponding',
      '1',
      '0',
      '1e308',
      '.5',
    ],
    ...[
      '+',
      '-',
      '*',
      '/',
      '(',
      ')',
      '[',
      ']',
      ',',
      ';',
      '?',
      ':',
      '?.',
      '.',
      '=',
      '==',
      '!',
      '"',
      "'",
      '`',
      '\\',
      '\n',
      ' ',
    ],
    ...[
      'constructor',
      '__proto__',
      'this',
      'globalThis',
      'process',
      'exit',
      'require',
      '("x")',
      'eval',
      '=>',
      '{',
      '}',
      '${',
      '\0',
      'é',
      '\ud800',
    ],
  ]
  const anyText = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 60 }),
  )

  test('is read or refused with a sentence, and never thrown at the caller', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const result = parseFormula(text)
        if (E.isLeft(result)) {
          expect(result.left).not.toBe('')
          return
        }
        const { numerator, denominator } = result.right
        for (const { factor, metric, statistic } of [...numerator, ...(denominator ?? [])]) {
          expect(Math.abs(factor)).toBeLessThanOrEqual(1e15)
          expect(metricNames).toContain(metric)
          expect(['count', 'sum']).toContain(statistic)
        }
        expect(evaluated(compile(numerator, off), some)).not.toBeNaN()
      }),
      { numRuns: 5_000 },
    )
  })

  test('nothing of it is run', () => {
    const witness = globalThis as { ran?: boolean }
    for (const text of [
      'globalThis.ran = true',
      'constructor.constructor("globalThis.ran = true")()',
      'eval("globalThis.ran = true")',
      '(() => globalThis.ran = true)()',
    ])
      refusal(text)
    expect(witness.ran).toBeUndefined()
  })

  test('a product of many sums is as small as what it comes to', () => {
    const bomb = (factor: string, times = 40): string => Array.from({ length: times }, () => factor).join('*')
    expect(valueOf(`${bomb('(1+1)')}*nOffered.count`, some)).toEqual([11 * 2 ** 40, null])
    expect(parsed(`${bomb('(includeFlowOuts+1)')}*nOffered.count`).numerator).toHaveLength(2)
    expect(parsed(`nOffered.count*${bomb('(includeFlowOuts+1)', 16)}`).numerator).toHaveLength(2)
    expect(valueOf(`${bomb('(includeFlowOuts+1)')}*nOffered.count`, some, { ...off, includeFlowOuts: 1 })).toEqual([
      11 * 2 ** 40,
      null,
    ])
  })

  test('brackets and signs as deep as the length allows are no trouble', () => {
    const deep = Math.floor((FORMULA_CHARS_MAX - 'nOffered.count'.length) / 2)
    expect(valueOf(`${'('.repeat(deep)}nOffered.count${')'.repeat(deep)}`, some)).toEqual([11, null])
    expect(valueOf(`${'- '.repeat(deep)}nOffered.count`, some)).toEqual([deep % 2 === 0 ? 11 : -11, null])
  })
})
