import { existsSync, readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { leafHashOf } from '../../../../src/audit/leaf.js'
import { CompactRange, sameHash } from '../../../../src/audit/merkle.js'
import { LogUnavailable, type EventLog } from '../../../../src/log/event-log.js'
import type { Logs } from '../../../../src/app/pipeline/logs/logs.js'
import { lawRuns } from '../../../support/law-runs.js'
import { SealedLog, TENANT } from './sealed-log.js'

/** Every touch of the log is a step; the process dies before or after the step of that number. */
const dying = (logs: Logs, step: number, isAfter: boolean): Logs => {
  let steps = 0
  const touch = async <T>(work: () => Promise<T>): Promise<T> => {
    const dies = steps++ === step
    if (dies && !isAfter) throw new LogUnavailable('died before a step')
    const answer = await work()
    if (dies) throw new LogUnavailable('died after a step')
    return answer
  }
  const dyingLog = (log: EventLog): EventLog => ({
    ...log,
    head: () => touch(() => log.head()),
    readAll: async function* (options) {
      for await (const batch of log.readAll({ ...options, batchMax: 2 }))
        yield await touch(() => Promise.resolve(batch))
    },
  })
  return {
    ...logs,
    raw: async (mode) => dyingLog(await logs.raw(mode)),
    changingAudit: (work) => touch(() => logs.changingAudit(work)),
  }
}

/** What a power loss leaves of a file that was not flushed to disk: any beginning of it. */
const cutFiles = (data: string, share: number): void => {
  const dir = join(data, 'state', `${TENANT}.audit`, 'raw')
  for (const name of existsSync(dir) ? readdirSync(dir) : []) {
    const path = join(dir, name)
    truncateSync(path, Math.floor(statSync(path).size * (name === 'positions' ? share : 1 - share / 2)))
  }
}

let made: SealedLog[] = []
afterEach(() => {
  for (const log of made) log.close()
  made = []
})

test('a sealing process that dies at any step, and files that lose any end of them, leave heads that follow each other', async () => {
  const crash = fc.record({
    events: fc.integer({ min: 1, max: 5 }),
    step: fc.nat(12),
    isAfter: fc.boolean(),
    cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    everyEvents: fc.integer({ min: 1, max: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(crash, { minLength: 1, maxLength: 5 }), async (crashes) => {
      const log = new SealedLog()
      made.push(log)
      for (const { events, step, isAfter, cut, everyEvents } of crashes) {
        await log.append(`${TENANT}.00.conversation-c`, events)
        await log.seal({ logs: dying(log.logs, step, isAfter), everyEvents }).catch((cause: unknown) => {
          if (!(cause instanceof LogUnavailable)) throw cause
        })
        if (cut !== undefined) cutFiles(log.data, cut)
      }
      await log.append(`${TENANT}.00.conversation-c`, 1)
      const [head] = (await log.seal()).slice(-1)
      const events = await log.events()
      const range = new CompactRange()
      for (const event of events) range.append(leafHashOf(event))
      expect(head!.size).toBe(events.length)
      expect(sameHash(head!.root, range.root())).toBe(true)
      expect(await log.verify()).toMatchObject({ findings: [], trees: [{ unsigned: 0, leaves: events.length }] })
    }),
    lawRuns(40),
  )
})
