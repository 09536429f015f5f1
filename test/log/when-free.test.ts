import { expect, test } from 'vitest'
import { LogLocked, LogUnavailable } from '../../src/log/event-log.js'
import type { EventLog } from '../../src/log/event-log.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { whenFree } from '../../src/log/when-free.js'

const backoff = { firstMs: 1, maxMs: 2 }

/** Held by another process for the first `times` attempts. */
const heldFor = (times: number, log: EventLog = memoryLog()) => {
  let attempts = 0
  const open = async (): Promise<EventLog> => {
    if (++attempts <= times) throw new LogLocked('held')
    return log
  }
  return { open, log, attempts: () => attempts }
}

test('a log that another process gives up is opened', async () => {
  const held = heldFor(3)
  expect(await whenFree(held.open, { backoff, waitMaxMs: 1_000 })).toBe(held.log)
  expect(held.attempts()).toBe(4)
})

test('without patience it is tried once', async () => {
  const held = heldFor(1)
  await expect(whenFree(held.open, { backoff, waitMaxMs: 0 })).rejects.toBeInstanceOf(LogLocked)
  expect(held.attempts()).toBe(1)
})

test('a log that stays locked is given up after the time allowed, or when the signal aborts', async () => {
  await expect(whenFree(heldFor(Infinity).open, { backoff, waitMaxMs: 5 })).rejects.toBeInstanceOf(LogLocked)
  const signal = AbortSignal.abort()
  await expect(whenFree(heldFor(Infinity).open, { backoff, waitMaxMs: 60_000, signal })).rejects.toBeInstanceOf(
    LogLocked,
  )
})

test('another failure is not waited for', async () => {
  const open = () => Promise.reject(new LogUnavailable('no log'))
  await expect(whenFree(open, { backoff, waitMaxMs: 60_000 })).rejects.toBeInstanceOf(LogUnavailable)
})
