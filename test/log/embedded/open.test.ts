import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { openEmbeddedLog } from '../../../src/log/embedded/log.js'
import { openStore } from '../../../src/log/embedded/lmdb/store.js'
import { LogDamaged, LogOfLaterVersion, LogUnavailable } from '../../../src/log/event-log.js'
import { scratchDirectory } from './child-process.js'

const failureOf = async (
  work: Promise<unknown>,
  kind: typeof LogUnavailable | typeof LogDamaged | typeof LogOfLaterVersion = LogUnavailable,
): Promise<Error> => {
  const cause = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(cause).toBeInstanceOf(kind)
  return cause as Error
}

const eventWithData = (text: string) => ({ type: 'Seen', data: Buffer.from(text), metadata: Buffer.from('{}') })

describe('a log that cannot be opened or read says why', () => {
  test('there is no log', async () => {
    const dir = join(await scratchDirectory(), 'nothing')
    expect((await failureOf(openEmbeddedLog({ dir, mode: 'reader' }))).message).toBe(
      `there is no log in ${dir}. Check the path (--data), or make one: \`streamvane run\` takes events in, ` +
        '`streamvane import FILE` imports them.',
    )
    expect(existsSync(dir)).toBe(false)
  })

  test('the log has another format', async () => {
    const dir = await scratchDirectory()
    const store = openStore(dir, 'write')
    store.meta.putSync('format', 5, 1)
    await store.env.close()
    for (const mode of ['reader', 'writer'] as const)
      expect((await failureOf(openEmbeddedLog({ dir, mode }), LogOfLaterVersion)).message).toContain(
        'has format 5; this version of Streamvane reads formats 1 to 4',
      )
  })

  test('the file is no database', async () => {
    const dir = await scratchDirectory()
    await writeFile(join(dir, 'data.mdb'), Buffer.alloc(65_536, 'no database'))
    for (const mode of ['reader', 'writer'] as const)
      expect((await failureOf(openEmbeddedLog({ dir, mode }), LogDamaged)).message).toMatch(/is not an LMDB file/)
  })

  test('the folder cannot be made', async () => {
    const file = join(await scratchDirectory(), 'a-file')
    await writeFile(file, '')
    expect((await failureOf(openEmbeddedLog({ dir: join(file, 'log'), mode: 'writer' }))).message).toMatch(
      /cannot be written: ENOTDIR/,
    )
  })

  test('a block was changed: the events before it are read, then the file and the remedy are named', async () => {
    const dir = await scratchDirectory()
    const log = await openEmbeddedLog({ dir, mode: 'writer' })
    // What cannot be compressed is found in the file as it is.
    const noise = (of: string): Buffer => createHash('shake256', { outputLength: 36_000 }).update(of).digest()
    for (const each of ['first', 'second', 'third']) {
      const data = noise(each)
      await log.append([
        {
          stream: each,
          expected: 'any',
          events: [{ id: randomUUID(), type: 'Seen', data, metadata: Buffer.from('{}') }],
        },
      ])
    }
    await log.close()
    const path = join(dir, 'data.mdb')
    const bytes = await readFile(path)
    const at = bytes.indexOf(noise('second').subarray(0, 100)) + 1_000
    bytes[at] = bytes[at]! ^ 1
    await writeFile(path, bytes)

    const reader = await openEmbeddedLog({ dir, mode: 'reader' })
    const seen: string[] = []
    const failure = await failureOf(
      (async () => {
        for await (const batch of reader.readAll({ batchMax: 1 })) seen.push(...batch.map((event) => event.stream))
      })(),
      LogDamaged,
    )
    expect(seen).toEqual(['first'])
    expect(failure.message).toContain('the block through position 2 fails its checksum')
    expect(failure.message).toContain(path)
    expect(failure.message).toContain('streamvane restore')
    expect(failure).not.toBeInstanceOf(LogUnavailable)
    await reader.close()
  })

  test('the entry of a stream was changed: that stream fails, others can be written', async () => {
    const dir = await scratchDirectory()
    const log = await openEmbeddedLog({ dir, mode: 'writer' })
    const append = (stream: string) =>
      log.append([{ stream, expected: 'any', events: [{ ...eventWithData('x'), id: randomUUID() }] }])
    await append('damaged')
    await append('whole')
    const store = openStore(dir, 'write')
    store.streamIndex.putSync(store.streams.get(Buffer.from('damaged'))!, Buffer.from([9, 9, 9]))
    await log.close()

    const again = await openEmbeddedLog({ dir, mode: 'writer' })
    await failureOf(again.streamRevision('damaged'), LogDamaged)
    const [damaged, whole] = await again.append(
      ['damaged', 'whole'].map((stream) => ({
        stream,
        expected: 'any',
        events: [{ ...eventWithData('y'), id: randomUUID() }],
      })),
    )
    expect(damaged).toMatchObject({ left: { tag: 'NotAvailable', cause: expect.any(LogDamaged) as unknown } })
    expect(whole).toMatchObject({ right: { revision: 1 } })
    await failureOf(
      again.erase('damaged').then((answer) => {
        if (E.isLeft(answer) && answer.left.tag === 'NotAvailable') throw answer.left.cause
      }),
      LogDamaged,
    )
    await again.close()
    await store.env.close()
  })
})
