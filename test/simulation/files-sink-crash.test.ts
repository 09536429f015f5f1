import * as E from 'fp-ts/lib/Either.js'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { filesSink } from '../../src/egress/files/sink.js'
import type { Progress, Sink } from '../../src/egress/sink.js'
import { connect, revisionsByKey, write } from '../contracts/sink.contract.js'
import { batchAt } from '../egress/batches.js'
import { readAvroFiles, readJsonFiles } from '../egress/files/read-files.js'

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

describe('a crash before any step on the disk', () => {
  const failing = { at: Infinity, steps: [] as string[] }
  const beforeStep = (step: string): void => {
    failing.steps.push(step)
    if (failing.steps.length >= failing.at) throw new Error(`the power went out before: ${step}`)
  }
  const reset = (at: number): void => {
    failing.at = at
    failing.steps = []
  }

  test('leaves every batch whole or absent, and the next start goes on exactly there', async () => {
    reset(Infinity)
    await goOn(sinkOn({ tenant: 'acme', folder, fileBytesMax: 9_000 }, beforeStep), 4)
    const steps = failing.steps.length
    expect(steps).toBeGreaterThan(60)

    for (let at = 1; at <= steps; at++) {
      await rm(folder, { recursive: true, force: true })
      reset(at)
      await goOn(sinkOn({ tenant: 'acme', folder, fileBytesMax: 9_000 }, beforeStep), 4).catch(() => {})
      expect(failing.steps.length, 'the fault must have been met').toBeGreaterThanOrEqual(at)
      await sinks.at(-1)?.close()
      await goOn(sinkOn({ tenant: 'acme', folder, fileBytesMax: 9_000 }), 5)
      await expectOnceAndInOrder(5)
      for (const sink of sinks.splice(0)) await sink.close()
    }
  }, 120_000)

  test('of the same instance: it connects again and learns what had arrived', async () => {
    for (const at of [12, 20, 25, 28, 31]) {
      await rm(folder, { recursive: true, force: true })
      reset(at)
      const sink = sinkOn({ tenant: 'acme', folder }, beforeStep)
      await goOn(sink, 3).catch(() => {})
      reset(Infinity)
      await goOn(sink, 3)
      await sink.close()
      await expectOnceAndInOrder(3)
    }
  })
})
