import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConversationCutter, PieceTooLarge } from '../../src/ingress/split-conversations.js'

type Cut = Readonly<{ pieces: readonly string[]; isComplete: boolean }>

/** Cuts a text that comes in chunks of so many bytes. */
const cut = (text: string, chunkBytes = Infinity, pieceBytesMax = 1_000_000): Cut => {
  const cutter = new ConversationCutter(pieceBytesMax)
  const bytes = Buffer.from(text)
  const pieces: string[] = []
  const take = (some: readonly Buffer[]): void => void pieces.push(...some.map((piece) => piece.toString()))
  for (let at = 0; at < bytes.length; at += chunkBytes) take(cutter.push(bytes.subarray(at, at + chunkBytes)))
  const { pieces: last, isComplete } = cutter.end()
  take(last)
  return { pieces, isComplete }
}
const whole = (...pieces: readonly string[]): Cut => ({ pieces, isComplete: true })

const [a, b, c] = [
  '{"conversationId":"a","participants":[{"x":"]},{[\\""}]}',
  '{ "conversationId" : "b" }',
  '{"c":{"conversations":[1]}}',
]

describe('what the analytics API returns is cut into conversations', () => {
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
  ])('%s', (_, text, pieces) => {
    for (const chunkBytes of [Infinity, 1, 7]) expect(cut(text, chunkBytes)).toEqual(whole(...pieces))
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
      fc.property(fc.array(anyRecord), form, fc.integer({ min: 1, max: 50 }), (records, written, chunkBytes) => {
        const texts = records
          .filter((record) => !Object.hasOwn(record, 'conversations'))
          .map((record) => JSON.stringify(record))
        expect(cut(written(texts), chunkBytes)).toEqual(whole(...texts))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('what is broken', () => {
  test.each<[string, string, Cut]>([
    ['a line does not take the following ones with it', `${a}\n{"x":{"y":"z\n${b}\n`, whole(a, '{"x":{"y":"z', b)],
    ['words between records', `${a}\nnonsense, more\n${b}`, whole(a, 'nonsense', 'more', b)],
    ['brackets nobody opened', `]}\n${a}`, whole(']}', a)],
    ['elements that are no objects', `[1,"a,]b",${a},null]`, whole('1', '"a,]b"', a, 'null')],
    [
      'a file that ends within a record',
      `[${a},{"conversationId":"b"`,
      { pieces: [a, '{"conversationId":"b"'], isComplete: false },
    ],
    ['a file that ends between records', `{"conversations":[${a},`, { pieces: [a], isComplete: false }],
    ['a file that ends behind them', `{"conversations":[${a}],"totalHits":`, { pieces: [a], isComplete: false }],
  ])('%s', (_, text, expected) => {
    for (const chunkBytes of [Infinity, 1, 7]) expect(cut(text, chunkBytes)).toEqual(expected)
  })

  test('a text of any brackets, quotes and words loses none of its words', () => {
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
        expect(words(cut(text, chunkBytes).pieces.join(' '))).toEqual(words(text))
        expect(cut(text, chunkBytes)).toEqual(cut(text))
      }),
      { numRuns: 20_000 },
    )
  })

  test('a piece without an end stops the reading before it fills the memory', () => {
    expect(() => cut(`{"a":"${'x'.repeat(500)}`, 100, 300)).toThrow(PieceTooLarge)
    expect(() => cut(`{"conversations":[],"a":"${'x'.repeat(500)}`, 100, 300)).toThrow(PieceTooLarge)
    expect(cut(`[${`${a},`.repeat(100)}${b}]`, 100, 300).pieces).toHaveLength(101)
  })
})
