import fc from 'fast-check'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aggregateResponse } from '../../../src/app/reconcile/aggregates.js'
import { jsonObjects, sourceBytes, SourceUnreadable } from '../../../src/app/reconcile/source.js'
import { parseTolerance } from '../../../src/app/reconcile/reasons/finding.js'
import { readAggregates } from '../../../src/app/reconcile/reconcile.js'
import { right } from '../../support/right.js'

let folder: string
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'streamvane-aggregates-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

let files = 0
const fileOf = async (content: string | Uint8Array): Promise<string> => {
  const file = join(folder, `${files++}.json`)
  await writeFile(file, content)
  return file
}

const { signal } = new AbortController()
const objectsIn = async (content: string | Uint8Array): Promise<readonly unknown[]> => {
  const found: unknown[] = []
  for await (const each of jsonObjects({ file: await fileOf(content), signal })) found.push(each)
  return found
}

const tricky = { a: '}{][",\\" é✓\n', b: [{ c: [] }, {}], d: { '': 'x' } }

describe('the responses in a file', () => {
  test.each([
    ['one, on one line', JSON.stringify(tricky), [tricky]],
    ['one, indented', `\n  ${JSON.stringify(tricky, null, 2)}\n`, [tricky]],
    ['an array', JSON.stringify([tricky, {}, tricky], null, 1), [tricky, {}, tricky]],
    ['NDJSON', `${JSON.stringify(tricky)}\r\n\n${JSON.stringify({})}`, [tricky, {}]],
    ['arrays on lines', `[{}]\n[{},${JSON.stringify(tricky)}]\n`, [{}, {}, tricky]],
    ['a byte order mark', `\uFEFF${JSON.stringify(tricky)}`, [tricky]],
    ['an empty array', '[]', []],
    ['nothing', '', []],
  ])('%s', async (_, content, expected) => {
    expect(await objectsIn(content)).toEqual(expected)
    expect(await objectsIn(gzipSync(content))).toEqual(expected)
  })

  test.each([
    ['prose', 'Not Found', /byte 0/],
    ['CSV', 'queueId,nOffered\n1,2\n', /byte 0/],
    ['a number', '[1]', /byte 1/],
    ['the end missing', '[{"a":1}', /cut short/],
    ['the end missing in an object', '{"a":{"b":1}', /cut short/],
    ['brackets that match and are no JSON', '{"a":}', /not JSON/],
    ['gzip cut short', gzipSync(JSON.stringify(tricky)).subarray(0, 30), /gzip/],
    ['gzip that is none', Uint8Array.of(0x1f, 0x8b, 1, 2, 3), /gzip/],
  ])('refused: %s', async (_, content, message) => {
    await expect(objectsIn(content)).rejects.toThrow(message)
    await expect(objectsIn(content)).rejects.toBeInstanceOf(SourceUnreadable)
  })

  test('cannot be read from a missing file or a folder', async () => {
    await expect(sourceBytes(join(folder, 'no-such-file'))).rejects.toThrow(/cannot read .*no-such-file/)
    await expect(sourceBytes(folder)).rejects.toThrow(/folder/)
    expect(await sourceBytes('-')).toBeUndefined()
  })

  test('are read whole across chunks and multi-byte characters, and progress ends at the file size', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => ({ index, text: '✓'.repeat(200 + (index % 7)) }))
    const file = await fileOf(JSON.stringify(many))
    let read = 0
    let count = 0
    for await (const each of jsonObjects({ file, signal, onProgress: (bytes) => (read = bytes) }))
      expect(each).toEqual(many[count++])
    expect({ count, read }).toEqual({ count: many.length, read: await sourceBytes(file) })
  })

  test('any JSON object is read back unchanged from every supported form', async () => {
    const answer = fc
      .dictionary(fc.string(), fc.jsonValue())
      .map((value) => JSON.parse(JSON.stringify(value)) as object)
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 4 }), fc.boolean(), async (answers, isArray) => {
        const content = isArray
          ? JSON.stringify(answers, null, 2)
          : answers.map((each) => JSON.stringify(each)).join('\n')
        expect(await objectsIn(content)).toEqual(answers)
      }),
      { numRuns: 60 },
    )
  })

  test('that are not of an aggregates query are refused with their number and the reason', async () => {
    const read = async (content: unknown): Promise<void> => {
      for await (const _ of readAggregates({ file: await fileOf(JSON.stringify(content)), signal })) void _
    }
    await expect(
      read([{ results: [] }, { message: 'The query is invalid', code: 'bad.request', status: 400 }]),
    ).rejects.toThrow(/answer 2 is not one .* refusal of the API: The query is invalid/)
    await expect(read({ conversations: [], totalHits: 0 })).rejects.toThrow(/no results, but conversations, totalHits/)
    await expect(read({ results: {} })).rejects.toThrow(/results are not a list/)
    await expect(read([])).rejects.toThrow(/it is empty/)
  })
})

describe('a response', () => {
  test('without results means that nothing happened', () => {
    expect(right(aggregateResponse({}))).toEqual({ rows: [], leftOut: [] })
    expect(right(aggregateResponse({ systemToOrganizationMappings: {} }))).toEqual({ rows: [], leftOut: [] })
  })

  test('keeps the comparable parts and lists the others', () => {
    const answer = {
      results: [
        {
          group: { queueId: 'q', firstQueue: true, teamId: null },
          data: [
            {
              interval: '2026-01-05T10:00Z/2026-01-05T11:00Z',
              metrics: [
                { metric: 'tAnswered', stats: { count: 1, sum: 2, p95: 3, min: 'x', max: null } },
                { metric: 'nothing' },
              ],
              views: [{ name: 'v', stats: {} }],
            },
          ],
        },
        {
          group: {},
          data: [
            { interval: '2026-01-05T11:00Z/2026-01-05T10:00Z', metrics: [] },
            { interval: 'today', metrics: [] },
            { metric: 'oWaiting', stats: {} },
          ],
        },
        { data: [] },
        7,
      ],
    }
    const { rows, leftOut } = right(aggregateResponse(answer))
    expect(rows).toEqual([
      {
        group: { queueId: 'q', firstQueue: 'true' },
        interval: { start: Date.parse('2026-01-05T10:00Z'), end: Date.parse('2026-01-05T11:00Z') },
        metrics: [{ metric: 'tAnswered', qualifier: null, stats: { count: 1, sum: 2 } }],
      },
    ])
    expect(leftOut).toEqual([
      'views',
      'statistic p95',
      'statistic min that is no number',
      'a metric without a name and stats',
      expect.stringMatching(/^data without an interval/),
      expect.stringMatching(/^data without an interval/),
      'observations, which have no interval',
      'a result without a group and data',
    ])
  })

  test('is read from any JSON without throwing', () => {
    fc.assert(
      fc.property(fc.anything(), (group) => {
        aggregateResponse(group)
        aggregateResponse({ results: [{ group, data: [group, { interval: group, metrics: [group] }] }] })
      }),
    )
  })
})

describe('tolerances', () => {
  test.each([
    ['tHandle', /not metric=statistic:limit/],
    ['tHandle=count', /no limit/],
    ['tHandle=median:3', /no statistic median; there are count, sum, min/],
    ['tHandle=sum:-3', /-3 is not a number/],
    ['tHandle=sum:2%%', /2%% is not a number/],
    ['=sum:2', /not metric/],
  ])('%s is refused', (text, message) => {
    expect(parseTolerance([text])).toMatchObject({ _tag: 'Left', left: expect.stringMatching(message) })
  })
})
