import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { LZ4, LZ4_LONE_UUIDS } from '../../../src/log/embedded/format/packing.js'
import { openEmbeddedLog } from '../../../src/log/embedded/log.js'
import { openStore } from '../../../src/log/embedded/lmdb/store.js'
import { plainEvent } from '../../../src/log/event-log.js'
import type { EventLog, RecordedEvent } from '../../../src/log/event-log.js'
import { scratchDirectory } from './child-process.js'

/** Raw logs that earlier versions wrote: up to an hour of a simulated contact centre. */
const OLD = [
  { name: 'data-folder-of-0.1.0', format: 1, block: 'format 1', events: 313 },
  { name: 'data-folder-of-format-2', format: 2, block: `format 2, codec ${LZ4}`, events: 79 },
] as const
const NEW = { format: 4, block: `format 2, codec ${LZ4_LONE_UUIDS}` }

const oldLog = async (name: string): Promise<string> => {
  const folder = await scratchDirectory()
  const archive = join(import.meta.dirname, `../../fixtures/${name}.tar.gz`)
  execFileSync('tar', ['-xzf', archive, '-C', folder, './data/log/raw'])
  return join(folder, 'data', 'log', 'raw')
}

const formatsIn = async (dir: string): Promise<Readonly<{ log: unknown; blocks: readonly string[] }>> => {
  const store = openStore(dir, 'read')
  const blocks = [...store.blocks.getRange({})].map(({ value: [format, codec] }) =>
    format === 1 ? 'format 1' : `format ${format}, codec ${codec}`,
  )
  const found = { log: store.meta.get('format'), blocks: [...new Set(blocks)].sort() }
  await store.env.close()
  return found
}

const allOf = async (log: EventLog): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of log.readAll()) events.push(...batch.map(plainEvent))
  return events
}

test.each(OLD)('the log of $name is read without being changed', async ({ name, format, block, events: count }) => {
  const dir = await oldLog(name)
  const log = await openEmbeddedLog({ dir, mode: 'reader' })
  const events = await allOf(log)
  expect(events.map(({ position }) => position)).toEqual(events.map((_, i) => BigInt(i + 1)))
  expect(events).toHaveLength(count)
  for (const { data, metadata, type, stream } of events) {
    expect(JSON.parse(Buffer.from(data).toString())).toBeTypeOf('object')
    expect(JSON.parse(Buffer.from(metadata).toString())).toBeTypeOf('object')
    expect([type.length, stream.length]).not.toContain(0)
  }
  await log.close()
  expect(await formatsIn(dir)).toEqual({ log: format, blocks: [block] })
})

test.each(OLD)(
  'the log of $name is appended to and erased from, and has then a format that its version refuses',
  async ({ name, block }) => {
    const dir = await oldLog(name)
    const log = await openEmbeddedLog({ dir, mode: 'writer' })
    const before = await allOf(log)
    const known = before.find(({ stream, revision }) => stream.includes('.conversation-') && revision === 3)!
    const again = { stream: known.stream, expected: 'any' as const, events: [known] }
    expect(await log.append([again])).toMatchObject([{ right: { stored: [false] } }])
    const fresh = { id: randomUUID(), type: 'Seen', data: Buffer.from('new'), metadata: Buffer.from('{}') }
    expect(E.isRight((await log.append([{ ...again, events: [fresh] }]))[0]!)).toBe(true)
    const all = await allOf(log)
    expect(all.slice(0, -1)).toEqual(before)
    expect(all.at(-1)).toMatchObject({ id: fresh.id, stream: known.stream, position: BigInt(before.length + 1) })

    const erased = all.filter(({ stream }) => stream === known.stream)
    expect(await log.erase(known.stream)).toEqual(E.right({ events: erased.length }))
    expect(await allOf(log)).toEqual(all.filter(({ stream }) => stream !== known.stream))
    await log.close()
    const { log: format, blocks } = await formatsIn(dir)
    expect(format).toBe(NEW.format)
    expect(blocks).toEqual(expect.arrayContaining([block, NEW.block]))
  },
)
