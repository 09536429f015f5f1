import { expect, test } from 'vitest'
import { tokenSource, type Token } from '../../src/credentials/token-source.js'

const LIFE_MS = 600_000

/** Hands out tokens that are valid for ten minutes of a clock that the test moves. */
const issuer = () => {
  const clock = { now: 0, fetched: 0, isAway: false }
  const source = tokenSource(
    async (): Promise<Token> => {
      if (clock.isAway) throw new Error('the issuer is away')
      clock.fetched += 1
      return { value: `token ${clock.fetched}`, expiresAt: clock.now + LIFE_MS }
    },
    () => clock.now,
  )
  return { clock, source }
}

test('a token is used until a fifth of its life is left, then the next is fetched', async () => {
  const { clock, source } = issuer()
  expect((await source.current()).value).toBe('token 1')
  clock.now = LIFE_MS * 0.8 - 1
  expect((await source.current()).value).toBe('token 1')
  clock.now = LIFE_MS * 0.8
  expect((await source.current()).value).toBe('token 2')
})

test('a valid token is used on while its issuer is away, and an expired one is not', async () => {
  const { clock, source } = issuer()
  await source.current()
  clock.isAway = true
  clock.now = LIFE_MS - 1
  expect((await source.current()).value).toBe('token 1')
  clock.now = LIFE_MS
  await expect(source.current()).rejects.toThrow('the issuer is away')
  clock.isAway = false
  expect((await source.current()).value).toBe('token 2')
})

test('callers at the same time share one request', async () => {
  const { clock, source } = issuer()
  const tokens = await Promise.all([source.current(), source.current(), source.current()])
  expect(new Set(tokens).size).toBe(1)
  expect(clock.fetched).toBe(1)
})

test('a refused token that was kept may be tried anew, and one that came fresh may not', async () => {
  const { source } = issuer()
  expect(source.discard(await source.current())).toBe(false)
  await source.current()
  const kept = await source.current()
  expect(source.discard(kept)).toBe(true)
  expect((await source.current()).value).toBe('token 3')
})
