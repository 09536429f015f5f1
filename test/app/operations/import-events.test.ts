import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importFile, previewFile } from '../../../src/app/operations/imports/import-events.js'
import { RAW_BYTES_MAX } from '../../../src/ingress/raw-event.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { bodies, changed, eventBridge } from '../../ingress/envelopes.js'
import { allEvents, eventsOf } from '../../ingress/log-content.js'

const now = (): number => Date.parse('2026-01-05T12:00:00Z')
const signal = new AbortController().signal

let folder = ''
let files = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamvane-import-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const fileOf = (content: string | Uint8Array): string => {
  const file = join(folder, `${++files}.ndjson`)
  writeFileSync(file, content)
  return file
}

const { template, id, body } = bodies.metrics
const eventOf = (record: number) => eventBridge(template, id, changed(body, { recordId: `record-${record}` }))
const events = [1, 2, 3].map(eventOf)
const lines = events.map((event) => JSON.stringify(event))

const imported = async (content: string | Uint8Array, log = memoryLog()) => {
  const file = fileOf(content)
  const { receipt, incomplete } = await importFile({ log, tenant: 'acme', file, now, signal })
  const stored = (await allEvents(log)).filter(({ type }) => type === template)
  return { log, file, receipt, incomplete, stored: stored.map(({ data }) => Buffer.from(data).toString()) }
}

describe('import takes events', () => {
  const pretty = events.map((event) => JSON.stringify(event, null, 2))
  test.each<[string, string | Uint8Array, readonly string[]]>([
    ['one a line', lines.join('\n'), lines],
    ['one after the other, without line feeds, as Firehose writes them', lines.join(''), lines],
    ['in an array', `[${lines.join(',')}]`, lines],
    ['in an array over several lines', `[\n  ${lines.join(',\n  ')}\n]\n`, lines],
    ['pretty-printed', pretty.join('\n'), pretty],
    ['in gzip', gzipSync(lines.join('\n')), lines],
    ['in several gzip members', Buffer.concat(lines.map((line) => gzipSync(line))), lines],
  ])('%s, byte for byte', async (_, content, expected) => {
    const { receipt, incomplete, stored, log } = await imported(content)
    expect(receipt).toMatchObject({ stored: 3, duplicate: 0, deadLettered: 0 })
    expect(incomplete).toBeUndefined()
    expect(stored).toEqual(expected)
    expect((await imported(content, log)).receipt).toMatchObject({ stored: 0, duplicate: 3, deadLettered: 0 })
  })

  test('in a pretty-printed array: each has the bytes it has in the file', async () => {
    const { receipt, stored } = await imported(JSON.stringify(events, null, 2))
    expect(receipt).toMatchObject({ stored: 3, deadLettered: 0 })
    expect(stored.map((text) => JSON.parse(text) as unknown)).toEqual(events)
  })

  test('of a pretty-printed document without events: one dead letter, not one per line', async () => {
    const { receipt, log } = await imported(JSON.stringify({ orders: events, name: 'x' }, null, 2))
    expect(receipt).toMatchObject({ stored: 0, deadLettered: 1 })
    expect(await eventsOf(log, 'acme.deadletter')).toHaveLength(1)
  })
})

describe('line numbers', () => {
  const content = `\n${lines[0]}\n\n\nnot json\n${lines[1]}\r\n \n{"topicName":\n${lines[2]}\n`

  test('in problems are those of the file, blank lines included, with the file', async () => {
    const { receipt, file } = await imported(content)
    expect(receipt).toMatchObject({ stored: 3, deadLettered: 2 })
    expect(receipt.problems).toMatchObject([
      { file, line: 5, reason: 'malformed-json' },
      { file, line: 8, reason: 'malformed-json' },
    ])
  })

  test('in problems count on beyond the first batch', async () => {
    const many = Array.from({ length: 4_500 }, (_, i) => (i === 4_200 ? 'not json' : `\n${JSON.stringify({ a: i })}`))
    const { receipt } = await imported(`${lines[0]}\n`.repeat(4_200) + many.slice(4_200).join('\n'))
    expect(receipt.problems[0]).toMatchObject({ line: 4_201, reason: 'malformed-json' })
  })

  test('in previews are those of the file', async () => {
    const seen: (readonly [number, boolean])[] = []
    for await (const preview of previewFile({ file: fileOf(content) }, 'acme', now, signal))
      seen.push([preview.line, 'deadLetter' in preview])
    expect(seen).toEqual([
      [2, false],
      [5, true],
      [6, false],
      [8, true],
      [9, false],
    ])
  })
})

test.each(['utf16le', 'utf16be'])(
  'a file in UTF-16 (%s) is refused as a whole, not shredded into dead letters',
  async (byteOrder) => {
    const log = memoryLog()
    const content = Buffer.from(`\ufeff${lines.join('\n')}\n`, 'utf16le')
    await expect(imported(byteOrder === 'utf16le' ? content : content.swap16(), log)).rejects.toThrow(
      /UTF-16; convert it to UTF-8/,
    )
    expect(await allEvents(log)).toEqual([])
  },
)

test('an event longer than the log stores becomes a dead letter that names its line, and the import goes on', async () => {
  const long = JSON.stringify({ ...events[0], padding: 'x'.repeat(RAW_BYTES_MAX) })
  const { receipt, log } = await imported(`${lines[0]}\n${long}\n${lines[1]}\n`)
  expect(receipt).toMatchObject({
    stored: 2,
    deadLettered: 1,
    problems: [{ line: 2, reason: 'too-large', detail: expect.stringContaining(String(RAW_BYTES_MAX)) as string }],
  })
  const [letter] = await eventsOf(log, 'acme.deadletter')
  expect(JSON.parse(Buffer.from(letter?.metadata ?? []).toString())).toMatchObject({
    bytes: long.length,
    sha256: createHash('sha256').update(long).digest('hex'),
  })
  expect(long.startsWith(Buffer.from(letter?.data ?? []).toString())).toBe(true)
})

test('an event as long as the log stores is imported', async () => {
  const room = RAW_BYTES_MAX - lines[0]!.length - ',"padding":""'.length
  const long = JSON.stringify({ ...events[0], padding: 'x'.repeat(room) })
  expect(long).toHaveLength(RAW_BYTES_MAX)
  expect((await imported(`${long}\n${lines[1]}\n`)).receipt).toMatchObject({ stored: 2, deadLettered: 0 })
})

describe('a file that ends early is reported as incomplete, and its events are stored', () => {
  test('an array that is not closed', async () => {
    const { receipt, incomplete } = await imported(`[${lines[0]},${lines[1]},`)
    expect(receipt).toMatchObject({ stored: 2, deadLettered: 0 })
    expect(incomplete).toMatch(/last bracket/)
  })

  test.each([0.5, 0.95])('gzip data that is cut at %d of its length', async (share) => {
    const whole = gzipSync(Array.from({ length: 2_000 }, (_, i) => JSON.stringify(eventOf(i))).join('\n'))
    const { receipt, incomplete, stored } = await imported(whole.subarray(0, Math.floor(whole.length * share)))
    expect(receipt.stored).toBeGreaterThan(100)
    expect(stored).toHaveLength(receipt.stored)
    expect(incomplete).toMatch(/gzip data is damaged or cut short/)
  })
})
