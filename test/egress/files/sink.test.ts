import * as E from 'fp-ts/lib/Either.js'
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { filesSink } from '../../../src/egress/files/sink.js'
import type { Progress, Sink } from '../../../src/egress/sink.js'
import { connect, revisionsByKey, write } from '../../contracts/sink.contract.js'
import { batchAt } from '../batches.js'
import { readAvroFiles, readJsonFiles } from './read-files.js'

let folder: string
const sinks: Sink[] = []
const sinkOn = (...args: Parameters<typeof filesSink>): Sink => {
  const sink = filesSink(...args)
  sinks.push(sink)
  return sink
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streamvane-files-'))
})
afterEach(async () => {
  for (const sink of sinks.splice(0)) await sink.close()
  await rm(folder, { recursive: true, force: true })
})

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)

const expectOnceAndInOrder = async (last: number): Promise<void> => {
  for (const read of [readAvroFiles, readJsonFiles]) {
    const byKey = revisionsByKey(await read(folder))
    expect(Object.keys(byKey)).toHaveLength(4)
    for (const [key, revisions] of Object.entries(byKey)) expect(revisions, key).toEqual(upTo(last))
  }
}

/** Writes what is missing up to batch `last`. */
const goOn = async (sink: Sink, last: number): Promise<void> => {
  const progress = await connect(sink)
  if (E.isLeft(progress)) throw new Error(JSON.stringify(progress.left))
  for (let n = batchAfter(progress.right); n <= last; n++) {
    const written = await write(sink, batchAt(n))
    if (E.isLeft(written)) throw new Error(written.left.tag)
  }
}

const batchAfter = (progress: Progress | undefined): number => (progress?.revision ?? 0) / 10 + 1

test('bytes that a crash left behind the last commit of a file are removed when the sink connects', async () => {
  await goOn(sinkOn({ tenant: 'acme', folder }), 2)
  await sinks.at(-1)?.close()
  for (const topic of (await readdir(folder)).filter((name) => name !== 'commits'))
    for (const file of await readdir(join(folder, topic)))
      await appendFile(join(folder, topic, file), Buffer.from([4, 200, 1, 7, 7]))
  await goOn(sinkOn({ tenant: 'acme', folder }), 3)
  await expectOnceAndInOrder(3)
})

test('a file is appended to after a restart, and closed for a new one when it is full', async () => {
  for (const last of [1, 2, 3]) {
    await goOn(sinkOn({ tenant: 'acme', folder }), last)
    await sinks.at(-1)?.close()
  }
  const topic = join(folder, 'genesys.queue-metrics')
  expect((await readdir(topic)).sort()).toEqual(['g1-00000001-000001.avro', 'g1-00000001-000002.jsonl'])
  const { size } = await stat(join(topic, 'g1-00000001-000001.avro'))
  await goOn(sinkOn({ tenant: 'acme', folder, fileBytesMax: size }), 4)
  expect(await readdir(topic)).toHaveLength(3)
  await expectOnceAndInOrder(4)
})

test('a fenced writer removes what it had appended', async () => {
  const [older, newer] = [sinkOn({ tenant: 'acme', folder }), sinkOn({ tenant: 'acme', folder })]
  await goOn(older, 2)
  await goOn(newer, 3)
  expect(await write(older, batchAt(3))).toMatchObject({
    left: { tag: 'Fenced', by: expect.stringContaining(String(process.pid)) },
  })
  await expectOnceAndInOrder(3)
})

test('a file where the folder should be is refused, and the message says what to do', async () => {
  await writeFile(join(folder, 'file'), '')
  expect(await connect(sinkOn({ tenant: 'acme', folder: join(folder, 'file') }))).toMatchObject({
    left: { tag: 'Refused', reason: expect.stringContaining('choose another folder') },
  })
})

test('a folder with the files of another tenant is refused, and that tenant goes on', async () => {
  const publishing = sinkOn({ tenant: 'acme', folder })
  await goOn(publishing, 1)
  expect(await connect(sinkOn({ tenant: 'emea', folder }))).toMatchObject({
    left: { tag: 'Refused', reason: expect.stringMatching(/tenant acme.*egress\.files\.dir/) },
  })
  expect(await write(publishing, batchAt(2))).toEqual(E.right(undefined))
  await expectOnceAndInOrder(2)
})

test('a folder whose commits name no tenant, as those of earlier versions, is accepted', async () => {
  await goOn(sinkOn({ tenant: 'acme', folder }), 1)
  await sinks.at(-1)?.close()
  for (const name of await readdir(join(folder, 'commits'))) {
    const path = join(folder, 'commits', name)
    const { tenant: _, ...commit } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
    await writeFile(path, JSON.stringify(commit))
  }
  await goOn(sinkOn({ tenant: 'emea', folder }), 2)
  await expectOnceAndInOrder(2)
})

test('a commit that was cut short is refused by name, and nothing in the folder changes', async () => {
  await goOn(sinkOn({ tenant: 'acme', folder }), 1)
  await sinks.at(-1)?.close()
  const last = join(folder, 'commits', (await readdir(join(folder, 'commits'))).sort().at(-1) ?? '')
  await writeFile(last, (await readFile(last)).subarray(0, 20))
  const before = await readdir(folder, { recursive: true })
  expect(await connect(sinkOn({ tenant: 'acme', folder }))).toMatchObject({
    left: { tag: 'Refused', reason: expect.stringContaining(last) },
  })
  expect(await readdir(folder, { recursive: true })).toEqual(before)
})

test('every commit of a file ends behind a whole row', async () => {
  await goOn(sinkOn({ tenant: 'acme', folder }), 3)
  const commits = (await readdir(join(folder, 'commits'))).sort()
  expect(commits).toHaveLength(4)
  for (const [index, name] of commits.entries()) {
    const commit = JSON.parse(await readFile(join(folder, 'commits', name), 'utf8')) as {
      files: Record<string, number>
    }
    for (const [file, bytes] of Object.entries(commit.files).filter(
      ([file]) => file.includes('queue-metrics') && file.endsWith('.jsonl'),
    )) {
      const text = (await readFile(join(folder, file))).subarray(0, bytes).toString()
      expect(
        text
          .split('\n')
          .slice(0, -1)
          .map((line) => (JSON.parse(line) as { revision: number }).revision)
          .at(-1),
      ).toBe(index)
    }
  }
})
