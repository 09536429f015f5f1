import { describe, expect, test } from 'vitest'
import { healthOf } from '../../../src/app/pipeline/health.js'
import { pauseProjection, readGenerations, resumeProjection } from '../../../src/app/pipeline/generations.js'
import type { StageHandle } from '../../../src/app/pipeline/stage.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { answers } from '../../support/answers.js'
import { take } from '../../support/pipeline.js'
import { NOON, running } from './running.js'

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
const stateIs = (stage: StageHandle, kind: string): Promise<void> => until(() => stage.state().kind === kind)

/** What another process does. */
const paused = async (log: EventLog): Promise<void> => {
  await pauseProjection(log, 't', await readGenerations(log, 't'), new Date(NOON), { by: 'ada', why: 'a new profile' })
}
const resumed = async (log: EventLog): Promise<void> => {
  await resumeProjection(log, 't', await readGenerations(log, 't'), new Date(NOON + 1), { by: 'ada' })
}
const rowsIn = (log: EventLog): Promise<number | undefined> => log.streamRevision(kpiStream('t', 'g1'))
const grownTo = async (log: EventLog, revision: number): Promise<void> => {
  const { signal } = new AbortController()
  for await (const message of log.subscribeStream(kpiStream('t', 'g1'), { from: revision, signal }))
    if (message.kind === 'events') return
}

describe('a projection that operators have paused by the log', () => {
  test('holds in a running process, holds after a restart, and goes on where it was once it is resumed', async () => {
    const log = memoryLog()
    await take(log, 't', answers(5))
    const first = running(log, ['projector'])
    await grownTo(log, 1)
    await paused(log)
    await stateIs(first.stage('projector'), 'paused')
    const before = (await rowsIn(log)) as number
    await take(log, 't', answers(5, 5))
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(await rowsIn(log)).toBe(before)
    await first.stop()

    const stopped = (await rowsIn(log)) as number // the stop leaves a checkpoint
    const second = running(log, ['projector'])
    await stateIs(second.stage('projector'), 'paused')
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(await rowsIn(log)).toBe(stopped)
    await resumed(log)
    await grownTo(log, stopped + 1)
    expect(second.stage('projector').state()).toEqual({ kind: 'running' })
    expect(await second.stop()).toEqual({ kind: 'stopped' })
  })

  test('says in health since when, by whom and why, and the other stages stay in service', async () => {
    const log = memoryLog()
    await paused(log)
    const { stages, stage, stop } = running(log, ['projector'])
    await stateIs(stage('projector'), 'paused')
    expect(healthOf(stages, { kind: 'well' }, NOON)).toMatchObject({
      ready: true,
      stages: {
        projector: { state: 'paused', details: { paused: 'since 2026-01-05T12:00:00.000Z by ada: a new profile' } },
      },
    })
    await stop()
  })

  test('does not go on when the handle of the stage is resumed, nor a stage that its handle has paused when the log says so', async () => {
    const log = memoryLog()
    await paused(log)
    const { stage, stop } = running(log, ['projector'])
    const projector = stage('projector')
    await stateIs(projector, 'paused')
    projector.resume()
    expect(projector.state()).toEqual({ kind: 'paused' })
    await projector.pause()
    await resumed(log)
    await until(() => projector.activity().details === undefined)
    expect(projector.state()).toEqual({ kind: 'paused' })
    projector.resume()
    await stateIs(projector, 'running')
    await stop()
  })

  test('holds the merger of several processes too', async () => {
    const log = memoryLog()
    await paused(log)
    const { stage, stop } = running(log, ['merge'])
    await stateIs(stage('merge'), 'paused')
    await resumed(log)
    await stateIs(stage('merge'), 'running')
    await stop()
  })

  test('refuses to be worked off, and names the command that lets it go on', async () => {
    const log = memoryLog()
    await take(log, 't', answers(5))
    await paused(log)
    const { ended } = running(log, ['projector'], { untilCaughtUp: true })
    expect(await ended).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/paused since .* by ada: a new profile.*projections resume/) as string,
    })
    expect(await rowsIn(log)).toBeUndefined()
  })
})
