import { expect, test } from 'vitest'
import { projectionStatus } from '../../../src/app/operations/generations/generation-status.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { runLiveProjector } from '../../../src/app/pipeline/projector/projector-stage.js'
import { scratchFolder } from '../../support/streamvane.js'
import { silent, take } from '../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')

test('in one log that holds raw events and rows, a generation that has folded all raw events is done', async () => {
  const log = memoryLog()
  const lines = [...simulate({ seed: 13, fromMs: FROM, hours: 1, queues: 2, agents: 8 })].map(({ line }) => line)
  await take(log, 't', lines.slice(0, 300))
  const logs = singleLog(log)
  await runLiveProjector({
    ...{ tenant: 't', logs, raw: log, profile: defaultProfile, batchMax: 50, untilCaughtUp: true },
    ...{ data: await scratchFolder(), signal: new AbortController().signal, logger: silent, now: Date.now },
  })
  const done = async (): Promise<boolean> => {
    const [generation] = (await projectionStatus({ logs, tenant: 't', data: undefined })).generations
    return generation?.position !== undefined && generation.position === generation.head
  }
  expect(await done()).toBe(true)
  await take(log, 't', lines.slice(300, 310))
  expect(await done()).toBe(false)
})
