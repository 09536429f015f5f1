import { afterEach, expect, test } from 'vitest'
import { pino } from 'pino'
import { runAudit } from '../../../../src/app/pipeline/audit/audit-stage.js'
import { startStage, type StageHandle, type StageState } from '../../../../src/app/pipeline/stage.js'
import { key, SealedLog, TENANT } from '../../operations/audit/sealed-log.js'

const silent = pino({ level: 'silent' })
const stopping = new AbortController()
let made: SealedLog[] = []
afterEach(() => {
  for (const log of made) log.close()
  made = []
})

const conversation = `${TENANT}.00.conversation-c`

const sealedLog = async (): Promise<SealedLog> => {
  const log = new SealedLog()
  made.push(log)
  await log.append(conversation, 4)
  await log.seal()
  return log
}

const stage = (
  log: SealedLog,
  more: Readonly<{ isAlone: boolean; untilCaughtUp: boolean }>,
  onState: (state: StageState) => void = () => undefined,
): StageHandle =>
  startStage({
    name: 'audit',
    signal: stopping.signal,
    now: Date.now,
    onState,
    work: (control) => {
      control.started()
      return runAudit(
        {
          ...{ logs: log.logs, tenant: TENANT, data: log.data, key, accepted: [key.verifier] },
          ...{ everyEvents: 1_000, everyMs: 1, now: Date.now, logger: silent, ...more },
        },
        control,
      )
    },
  })

test('the stage signs a head for what came, and ends when everything is worked off', async () => {
  const log = await sealedLog()
  await log.append(conversation, 2)
  expect(await stage(log, { isAlone: false, untilCaughtUp: true }).ended).toEqual({ kind: 'caught-up' })
  expect((await log.verify()).trees).toMatchObject([{ tree: 'raw', heads: 2, leaves: 6, unsigned: 0 }])
})

test('a stage that finds history changed is refused, with the place in the reason', async () => {
  const log = await sealedLog()
  const [, second] = await log.events()
  log.tampering = (event) => (event.position === second!.position ? [] : [event])
  const end = await stage(log, { isAlone: true, untilCaughtUp: false }).ended
  expect(end).toMatchObject({ kind: 'refused' })
  expect(end).toHaveProperty('reason', expect.stringContaining(`raw: leaf 1, position ${second!.position}`))
})

test('beside other stages it raises an alarm and signs no more, and tells the end when the process stops', async () => {
  const log = await sealedLog()
  log.tampering = (event) => (event.stream === conversation && event.revision === 2 ? [] : [event])
  const handle = stage(log, { isAlone: false, untilCaughtUp: false })
  while (handle.activity().alarms.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(handle.state()).toEqual({ kind: 'running' })
  expect(handle.activity().alarms).toMatchObject([{ alarm: 'sealing-stopped' }])
  expect(await handle.stop()).toMatchObject({ kind: 'refused' })
})
