import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { withinLimit, type Limited } from '../../src/log/within-limit.js'

const ended = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })

test('a request that is answered leaves nothing behind at the signal of its sink', async () => {
  const { signal } = new AbortController()
  expect(await withinLimit(signal, 60_000, async () => 'answer')).toBe('answer')
  await expect(withinLimit(signal, 60_000, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('one that takes too long is aborted, and known to be late', async () => {
  let seen: Limited | undefined
  const slow = withinLimit(new AbortController().signal, 5, (limited) => ended((seen = limited).signal))
  await expect(slow).rejects.toThrow('no answer within 5 ms')
  expect(seen?.isLate()).toBe(true)
})

test('one whose sink stops is aborted for that reason, before it began too', async () => {
  const stopping = new AbortController()
  let seen: Limited | undefined
  const running = withinLimit(stopping.signal, 60_000, (limited) => ended((seen = limited).signal))
  stopping.abort(new Error('stopping'))
  await expect(running).rejects.toThrow('stopping')
  await expect(withinLimit(stopping.signal, 60_000, ({ signal }) => ended(signal))).rejects.toThrow('stopping')
  expect(seen?.isLate()).toBe(false)
})
