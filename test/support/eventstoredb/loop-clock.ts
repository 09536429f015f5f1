/**
 * Test support: a clock that counts turns of the event loop. Timers wait for it, so that silence lasts as long on a busy
 * machine as on an idle one: whatever is on its way over a socket arrives meanwhile.
 */
import { vi } from 'vitest'

const TURNS_PER_MS = 40

/** Runs with timers (and dates) on this clock. */
export const onLoopClock = async <T>(run: () => Promise<T>): Promise<T> => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  let isOver = false
  const ticking = (async () => {
    while (!isOver) {
      for (let turn = 0; turn < TURNS_PER_MS; turn++) await new Promise((resolve) => setImmediate(resolve))
      await vi.advanceTimersByTimeAsync(1)
    }
  })()
  try {
    return await run()
  } finally {
    isOver = true
    await ticking
    vi.useRealTimers()
  }
}
