import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { defaultTopics } from '../../../../src/egress/topics.js'
import { filesSink } from '../../../../src/egress/files/sink.js'
import type { Sink } from '../../../../src/egress/sink.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { revisionsByKey } from '../../../contracts/sink.contract.js'
import { readAvroFiles } from '../../../egress/files/read-files.js'
import { answers } from '../../../support/answers.js'
import { bookOfLog } from '../../../support/pipeline-life.js'
import { take } from '../../../support/pipeline.js'
import { recordingSink, type Fate } from '../../../support/recording-sink.js'
import { running } from '../running.js'

/** A sink that remembers, by the name of another kind. */
const broker = (fates: readonly Fate[] = []) => {
  const recording = recordingSink(undefined, fates)
  return { ...recording, sink: { ...recording.sink, name: 'broker' } }
}

const files = (): Readonly<{ folder: string; sink: Sink }> => {
  const folder = mkdtempSync(join(tmpdir(), 'streamvane-sinks-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return {
    folder,
    sink: filesSink({ folder, tenant: 't', topics: defaultTopics, formats: ['avro'], fileBytesMax: 1 << 20 }),
  }
}

const expectAllIn = async (folder: string, log: EventLog): Promise<void> => {
  const book = await bookOfLog(log, 't', 'g1')
  expect(new Map(Object.entries(revisionsByKey(await readAvroFiles(folder))))).toEqual(
    new Map([...book].map(([key, revisions]) => [key, [...revisions.keys()]])),
  )
}

let log: EventLog
beforeEach(async () => {
  log = memoryLog()
  await take(log, 't', answers(20))
})

describe('with two sinks', () => {
  test('each publishes all rows and has its own progress', async () => {
    const { folder, sink } = files()
    const other = broker()
    const { stages, ended } = running(log, ['projector', 'egress'], {
      sinks: [{ sink }, { sink: other.sink }],
      untilCaughtUp: true,
    })
    expect(stages.map(({ name }) => name)).toEqual(['projector', 'egress.files', 'egress.broker'])
    expect(await ended).toEqual({ kind: 'caught-up' })
    await expectAllIn(folder, log)
    expect(new Set(other.records.map(({ header }) => header.key)).size).toBe(21)
    expect(other.progress()?.generation).toBe('g1')
  })

  test('one that cannot be reached does not hold up the other', async () => {
    const { folder, sink } = files()
    const away: Sink = {
      ...broker().sink,
      connect: () => () => Promise.resolve(E.left({ tag: 'NotConnected', cause: new Error('away') })),
    }
    const published: string[] = []
    let resolve!: () => void
    const files20 = new Promise<void>((done) => (resolve = done))
    const { stage, stop } = running(log, ['projector', 'egress'], {
      sinks: [{ sink: away }, { sink }],
      onPublished: (name) => (published.push(name), resolve()),
    })
    await files20
    expect(published).not.toContain('egress.broker')
    expect(stage('egress.broker').state()).toEqual({ kind: 'running' })
    expect(await stop()).toEqual({ kind: 'stopped' })
    await expectAllIn(folder, log)
  })

  test('one that refuses ends alone; the other publishes everything; the process ends with the refusal', async () => {
    const { folder, sink } = files()
    const refusing = broker(['refused'])
    const { stage, ended } = running(log, ['projector', 'egress'], {
      sinks: [{ sink: refusing.sink }, { sink }],
      untilCaughtUp: true,
    })
    expect(await ended).toEqual({ kind: 'refused', reason: 'not today' })
    expect(stage('egress.files').state()).toEqual({ kind: 'ended', end: { kind: 'caught-up' } })
    await expectAllIn(folder, log)
  })

  test('the last one that ends for a reason of its own ends the process', async () => {
    const [one, two] = [broker(['refused']), recordingSink(undefined, ['fenced'])]
    const { stage, ended } = running(log, ['projector', 'egress'], { sinks: [{ sink: one.sink }, { sink: two.sink }] })
    expect(['refused', 'superseded']).toContain((await ended).kind)
    expect(stage('projector').state()).toEqual({ kind: 'ended', end: { kind: 'stopped' } })
  })
})
