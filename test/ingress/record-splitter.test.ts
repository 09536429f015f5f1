import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { recordsOf, RecordSplitter, type SplitRecord } from '../../src/ingress/files/record-splitter.js'

type Split = Readonly<{ records: readonly string[]; isComplete: boolean }>

/** Splits a text that comes in chunks of so many bytes. */
const split = (text: string, chunkBytes = Infinity, answers = true, recordBytesMax = 1_000_000) => {
  const splitter = new RecordSplitter({ recordBytesMax, answers })
  const bytes = Buffer.from(text)
  const all: SplitRecord[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) all.push(...splitter.push(bytes.subarray(at, at + chunkBytes)))
  const { records, isComplete } = splitter.end()
  all.push(...records)
  return { all, isComplete }
}

/** Conversations out of answers of the analytics API. */
const records = (text: string, chunkBytes = Infinity): Split => {
  const { all, isComplete } = split(text, chunkBytes)
  return { records: all.map(({ bytes }) => bytes.toString()), isComplete }
}
const whole = (...records: readonly string[]): Split => ({ records, isComplete: true })

const [a, b, c] = [
  '{"conversationId":"a","participants":[{"x":"]},{[\\""}]}',
  '{ "conversationId" : "b" }',
  '{"c":{"conversations":[1]}}',
]

describe('what the analytics API returns is split into conversations', () => {
  test.each<[string, string, readonly string[]]>([
    ['one record', a, [a]],
    ['one record, as people print it', `\n  ${b}\n`, [b]],
    ['an answer', `{"conversations":[${a},${b}],"totalHits":2,"aggregations":[{"x":[]}]}`, [a, b]],
    [
      'an answer whose conversations come last',
      `{"aggregations":[{"conversations":1}],"totalHits":2, "conversations" : [ ${a} ,\n${b} ]}`,
      [a, b],
    ],
    ['an answer without conversations', '{"conversations":[],"totalHits":0}', []],
    ['answers one a line', `{"conversations":[${a}],"cursor":"x"}\n{"conversations":[${b},${c}]}\n`, [a, b, c]],
    ['answers one after the other', `{"conversations":[${a}]}{"conversations":[${b}]}`, [a, b]],
    ['an array of records', `[${a},\n ${b}]`, [a, b]],
    ['an array of answers', `[{"conversations":[${a}]},{"totalHits":1,"conversations":[${b}]}]`, [a, b]],
    ['records one a line', `${a}\r\n\n${c}\n`, [a, c]],
    ['a mark before them', `\ufeff${a}\n${b}`, [a, b]],
    ['nothing', ' \n', []],
    [
      'a member that is no array',
      '{"conversations":{"conversationId":"a"}}',
      ['{"conversations":{"conversationId":"a"}}'],
    ],
    ['a value with that name', '{"x":"conversations","y":[1]}', ['{"x":"conversations","y":[1]}']],
  ])('%s', (_, text, expected) => {
    for (const chunkBytes of [Infinity, 1, 7]) expect(records(text, chunkBytes)).toEqual(whole(...expected))
  })

  test('of any content, in any of the forms, in chunks of any size', () => {
    const anyRecord = fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('conversationId', 'a"b', '\\', 'conversations ')),
      fc.jsonValue({ maxDepth: 3 }),
      { minKeys: 1 },
    )
    const form = fc.constantFrom<(texts: readonly string[]) => string>(
      (texts) => texts.join('\n'),
      (texts) => `[${texts.join(',')}]`,
      (texts) => `{"totalHits":7,"conversations":[${texts.join(' , ')}],"aggregations":[{"a":"]}"}]}`,
      (texts) => texts.map((text) => `{"conversations":[${text}]}`).join('\n'),
    )
    fc.assert(
      fc.property(fc.array(anyRecord), form, fc.integer({ min: 1, max: 50 }), (all, written, chunkBytes) => {
        const texts = all
          .filter((record) => !Object.hasOwn(record, 'conversations'))
          .map((record) => JSON.stringify(record))
        expect(records(written(texts), chunkBytes)).toEqual(whole(...texts))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('broken input', () => {
  test.each<[string, string, Split]>([
    ['a line does not take the following ones with it', `${a}\n{"x":{"y":"z\n${b}\n`, whole(a, '{"x":{"y":"z', b)],
    ['a line of words between records is one record', `${a}\nnonsense, more\n${b}`, whole(a, 'nonsense, more', b)],
    ['brackets nobody opened', `]}\n${a}`, whole(']}', a)],
    ['elements that are no objects', `[1,"a,]b",${a},null]`, whole('1', '"a,]b"', a, 'null')],
    [
      'a file that ends within a record',
      `[${a},{"conversationId":"b"`,
      { records: [a, '{"conversationId":"b"'], isComplete: false },
    ],
    ['a file that ends between records', `{"conversations":[${a},`, { records: [a], isComplete: false }],
    ['a file that ends behind them', `{"conversations":[${a}],"totalHits":`, { records: [a], isComplete: false }],
  ])('%s', (_, text, expected) => {
    for (const chunkBytes of [Infinity, 1, 7]) expect(records(text, chunkBytes)).toEqual(expected)
  })

  test('no word of a text of any brackets, quotes and words is lost', () => {
    const soup = fc.array(
      fc.constantFrom(
        '[',
        ']',
        '{',
        '}',
        ',',
        ':',
        '"',
        '\\',
        ' ',
        '\n',
        'word1',
        'word2',
        'word3',
        '{"conversationId":"a"}',
      ),
      {
        maxLength: 30,
      },
    )
    fc.assert(
      fc.property(soup, fc.integer({ min: 1, max: 9 }), (parts, chunkBytes) => {
        const text = parts.join('')
        const words = (all: string): readonly string[] => all.match(/word\d|conversationId/g) ?? []
        expect(words(records(text, chunkBytes).records.join(' '))).toEqual(words(text))
        expect(records(text, chunkBytes)).toEqual(records(text))
      }),
      { numRuns: 20_000 },
    )
  })

  test('a broken first line does not take the following ones with it', () => {
    for (const broken of ['{"x":{"y":"z', '{"x":[1,2', '{"x":1,', '{"x":tru', '"x":1}}'])
      for (const chunkBytes of [Infinity, 1, 7])
        expect(records(`${broken}\n${a}\n${b}`, chunkBytes)).toEqual(whole(broken, a, b))
  })
})

describe('events of a file', () => {
  const events = [a, b, c].map((text) => JSON.parse(text) as unknown)
  const compact = events.map((event) => JSON.stringify(event))
  const pretty = (indent: number | string): readonly string[] =>
    events.map((event) => JSON.stringify(event, null, indent))

  const linesOf = (text: string, chunkBytes = Infinity): readonly (readonly [number, unknown])[] =>
    split(text, chunkBytes, false).all.map(
      ({ line, bytes }) => [line, JSON.parse(bytes.toString()) as unknown] as const,
    )

  test.each<[string, string, readonly number[]]>([
    ['one a line', compact.join('\n'), [1, 2, 3]],
    ['one a line, with blank lines', `\n\n${compact.join('\r\n \n')}\n`, [3, 5, 7]],
    ['one after the other', compact.join(''), [1, 1, 1]],
    ['one after the other, with blanks', compact.join('  '), [1, 1, 1]],
    ['two on a line', `${compact[0]} ${compact[1]}\n${compact[2]}\n`, [1, 1, 2]],
    ['an array on one line', `[${compact.join(', ')}]`, [1, 1, 1]],
    ['an array, one a line', `[\n${compact.join(',\n')}\n]\n`, [2, 3, 4]],
    ['pretty-printed', pretty(2).join('\n'), [1, 9, 12]],
    ['pretty-printed without indentation', pretty(2).join('\n').replaceAll(/^ +/gm, ''), [1, 9, 12]],
    ['a pretty-printed array', JSON.stringify(events, null, 2), [2, 10, 13]],
    ['arrays one a line', `[${compact[0]}]\n[${compact[1]},${compact[2]}]`, [1, 2, 2]],
  ])('%s: each has the line on which it begins', (_, text, lines) => {
    for (const chunkBytes of [Infinity, 1, 7, 64])
      expect(linesOf(text, chunkBytes)).toEqual(events.map((event, i) => [lines[i], event]))
  })

  test('of any content, in any of these forms, in chunks of any size', () => {
    const form = fc.constantFrom<(values: readonly unknown[]) => string>(
      (values) => values.map((value) => JSON.stringify(value)).join('\n'),
      (values) => values.map((value) => JSON.stringify(value)).join(''),
      (values) => values.map((value) => JSON.stringify(value, null, 2)).join('\n'),
      (values) => values.map((value) => JSON.stringify(value, null, 2)).join(''),
      (values) => JSON.stringify(values),
      (values) => JSON.stringify(values, null, '\t'),
    )
    const record = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
    fc.assert(
      fc.property(fc.array(record), form, fc.integer({ min: 1, max: 80 }), (values, written, chunkBytes) => {
        const plain = JSON.parse(JSON.stringify(values)) as unknown[]
        expect(linesOf(written(plain), chunkBytes).map(([, value]) => value)).toEqual(plain)
      }),
      { numRuns: 1_000 },
    )
  })
})

test('reading ends after one record more than the limit', () => {
  for (const text of [`${a}\n`.repeat(100), a.repeat(100), `[${`${a},`.repeat(99)}${a}]`, '1\n'.repeat(100)]) {
    expect(recordsOf(Buffer.from(text), 10)).toHaveLength(11)
    expect(recordsOf(Buffer.from(text), 100)).toHaveLength(100)
  }
})

describe('an oversized record', () => {
  const long = `{"a":"${'x'.repeat(500)}"}`
  const sizes = (text: string) =>
    split(text, 100, false, 300).all.map(({ line, oversized, bytes }) =>
      oversized ? ([line, 'oversized', bytes.toString().slice(0, 8)] as const) : ([line, bytes.toString()] as const),
    )

  test('on a line of its own is skipped, and the lines behind it are read', () => {
    expect(sizes(`${b}\n${long}\n${b}\n`)).toEqual([
      [1, b],
      [2, 'oversized', '{"a":"xx'],
      [3, b],
    ])
    expect(sizes(`${long}\n${b}\n${b}`)).toEqual([
      [1, 'oversized', '{"a":"xx'],
      [2, b],
      [3, b],
    ])
    expect(sizes(`${'x'.repeat(1_000)}\n${b}`)).toEqual([
      [1, 'oversized', 'xxxxxxxx'],
      [2, b],
    ])
  })

  test('is told with its size and digest, however it is cut into chunks; in a document its end is not known', () => {
    const whole = { bytes: long.length, sha256: createHash('sha256').update(long).digest('hex') }
    for (const chunk of [1, 7, 100, 300, 10_000])
      for (const text of [`${b}\n${long}\n${b}\n`, `${b}\n${long}`])
        expect(split(text, chunk, false, 300).all[1], `${chunk}`).toMatchObject({ line: 2, oversized: true, whole })
    expect(split(`[${b},\n${long},${b}]`, 100, true, 300).all[1]?.whole).toBeUndefined()
  })

  test('in a document ends the reading, and the document counts as incomplete', () => {
    for (const text of [`[${b},\n${long},${b}]`, `{"conversations":[${b},\n${long},${b}]}`]) {
      const { all, isComplete } = split(text, 100, true, 300)
      expect(all.map(({ oversized, line }) => [line, oversized])).toEqual([
        [1, undefined],
        [2, true],
      ])
      expect(isComplete).toBe(false)
    }
    expect(split(`{"conversations":[],"a":"${'x'.repeat(500)}"}`, 100, true, 300)).toEqual({
      all: [],
      isComplete: false,
    })
  })

  test('is not a long file of short records', () => {
    expect(split(`[${`${a},`.repeat(100)}${b}]`, 100, true, 300).all).toHaveLength(101)
  })
})
