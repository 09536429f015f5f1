import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/app/config/load.js'
import { rebuild } from '../../src/app/operations/generations/rebuild.js'
import { embeddedLogs, type Logs } from '../../src/app/pipeline/logs/logs.js'
import type { StageEnd } from '../../src/app/pipeline/stage.js'
import { startPipeline, type Pipeline } from '../../src/app/pipeline/supervisor.js'
import { defaultProfile } from '../../src/domain/profile.js'
import { memoryDestination, memorySink, type MemoryDestination } from '../../src/egress/memory-sink.js'
import { answers } from '../support/answers.js'
import { bookOfLog, bookOfRecords, everyRevision, expectSameRows, textOf } from '../support/pipeline-life.js'
import { silent, take } from '../support/pipeline.js'

/** A folder that goes when the test ends. */
const scratch = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-folders-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Work with the log of a folder, as one process that closes it at its end. */
const within = async <T>(data: string, work: (logs: Logs) => Promise<T>): Promise<T> => {
  const logs = embeddedLogs(data, 'test')
  try {
    return await work(logs)
  } finally {
    await logs.close()
  }
}

const ingested = (data: string, lines: readonly string[]): Promise<unknown> =>
  within(data, async (logs) => take(await logs.raw('writer'), 't', lines))

const pipeline = (data: string, logs: Logs, destination: MemoryDestination, more: object = {}): Pipeline =>
  startPipeline({
    config: loadConfig({ flags: { tenant: 't', data, clock: { mode: 'off' }, projector: { batchMax: 10 } } }),
    ...{
      logs,
      only: ['projector', 'egress'],
      untilCaughtUp: true,
      sources: [],
      sinks: [{ sink: memorySink(destination) }],
    },
    ...{ signal: new AbortController().signal, logger: silent, now: Date.now, ...more },
  })

/** Computes and publishes what a folder holds. */
const worked = (data: string, destination: MemoryDestination): Promise<StageEnd> =>
  within(data, (logs) => pipeline(data, logs, destination).ended)

const refused = (words: RegExp) => ({ kind: 'refused', reason: expect.stringMatching(words) as string })

const expectPublished = (data: string, generation: string, { records }: MemoryDestination): Promise<void> =>
  within(data, async (logs) => {
    const kpi = await logs.kpi(generation, 'reader')
    const published = bookOfRecords(records.filter((record) => record.generation === generation))
    expect(textOf(published)).toBe(textOf(await bookOfLog(kpi, 't', generation)))
    expectSameRows(published, await everyRevision(await logs.raw('reader'), 't', defaultProfile))
  })

describe('a raw log that was restored from an older copy than the KPI log beside it', () => {
  test('is refused, however much came in since; a rebuild computes and publishes all that it holds', async () => {
    const [data, backup] = [scratch(), scratch()]
    const destination = memoryDestination()
    await ingested(data, answers(30))
    cpSync(join(data, 'log', 'raw'), join(backup, 'raw'), { recursive: true })
    await ingested(data, answers(30, 30))
    expect(await worked(data, destination)).toEqual({ kind: 'caught-up' })
    rmSync(join(data, 'log', 'raw'), { recursive: true })
    cpSync(join(backup, 'raw'), join(data, 'log', 'raw'), { recursive: true })

    expect(await worked(data, destination)).toMatchObject(refused(/rebuild --promote/))
    await ingested(data, answers(90, 200))
    expect(await worked(data, destination)).toMatchObject(
      refused(/raw log holds (none|another event) there.*other-history/),
    )

    await within(data, async (logs) => {
      await rebuild({
        ...{ tenant: 't', profile: defaultProfile, logs, data, raw: await logs.raw('reader'), batchMax: 1_000 },
        ...{ untilCaughtUp: true, signal: new AbortController().signal, logger: silent, now: Date.now, promote: true },
      })
    })
    expect(await worked(data, destination)).toEqual({ kind: 'caught-up' })
    await expectPublished(data, 'g2', destination)
    await ingested(data, answers(5, 400))
    expect(await worked(data, destination)).toEqual({ kind: 'caught-up' })
  })
})

describe('two folders with one destination', () => {
  test('that publish in turn: the second is refused each time, and the first loses and doubles nothing', async () => {
    const [first, second] = [scratch(), scratch()]
    const destination = memoryDestination()
    for (let turn = 0; turn < 3; turn++) {
      await ingested(first, answers(10, 10 * turn))
      await ingested(second, answers(10, 500 + 10 * turn))
      expect(await worked(first, destination)).toEqual({ kind: 'caught-up' })
      expect(await worked(second, destination)).toMatchObject(refused(/--accept-progress other-log/))
    }
    await expectPublished(first, 'g1', destination)
  })

  test('a stray installation is refused and does not fence out the one that is running', async () => {
    const [data, stray] = [scratch(), scratch()]
    const destination = memoryDestination()
    await ingested(data, answers(10))
    await ingested(stray, answers(10))
    await within(data, async (logs) => {
      const stop = new AbortController()
      const running = pipeline(data, logs, destination, { untilCaughtUp: false, signal: stop.signal })
      const raw = await logs.raw('writer')
      while (destination.records.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      expect(await worked(stray, destination)).toMatchObject(refused(/--accept-progress other-log/))
      const before = destination.records.length
      await take(raw, 't', answers(10, 10))
      while (destination.records.length < before + 10) await new Promise((resolve) => setTimeout(resolve, 1))
      stop.abort()
      expect(await running.ended).toEqual({ kind: 'stopped' })
    })
    expect(await worked(data, destination)).toEqual({ kind: 'caught-up' })
    await expectPublished(data, 'g1', destination)
  })
})
