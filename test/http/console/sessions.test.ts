import { expect, test } from 'vitest'
import type { Principal } from '../../../src/http/admin/access/roles.js'
import { Sessions } from '../../../src/http/console/sessions.js'

const jane: Principal = { kind: 'token', name: 'jane', roles: ['viewer'], tenants: ['acme'] }

const atTime = (limits: Partial<ConstructorParameters<typeof Sessions>[0]> = {}) => {
  const clock = { now: 0 }
  const all = { idleMaxMs: 1_000, sessionMaxMs: 10_000, sessionsMax: 2, ...limits }
  return { clock, sessions: new Sessions(all, () => clock.now) }
}

test('a session that is not used for the idle limit ends, and each use begins that time anew', () => {
  const { clock, sessions } = atTime()
  const { id, session } = sessions.begin(jane)
  clock.now = 999
  expect(sessions.use(id)?.principal).toEqual(jane)
  clock.now = 1_998
  expect(sessions.use(id)).toBeDefined()
  clock.now = 2_998
  expect(sessions.use(id)).toBeUndefined()
  expect(session.ended.aborted).toBe(true)
})

test('a session ends at its absolute limit however often it is used, and open streams are told', () => {
  const { clock, sessions } = atTime()
  const { id, session } = sessions.begin(jane)
  sessions.hold(id)
  clock.now = 9_999
  sessions.endOverdue()
  expect(session.ended.aborted).toBe(false)
  clock.now = 10_000
  sessions.endOverdue()
  expect(session.ended.aborted).toBe(true)
})

test('a session ends no later than the token that it began with', () => {
  const { clock, sessions } = atTime()
  const { id } = sessions.begin({ ...jane, until: 500 })
  clock.now = 500
  expect(sessions.use(id)).toBeUndefined()
})

test('the idle limit counts from the end of the last open stream', () => {
  const { clock, sessions } = atTime()
  const { id } = sessions.begin(jane)
  const release = sessions.hold(id)
  clock.now = 5_000
  expect(sessions.use(id)).toBeDefined()
  release()
  clock.now = 6_000
  expect(sessions.use(id)).toBeUndefined()
})

test('beyond the number of sessions that may be, the one that was unused longest ends', () => {
  const { clock, sessions } = atTime()
  const [first, second] = [sessions.begin(jane).id, sessions.begin(jane).id]
  clock.now = 10
  sessions.use(first)
  const third = sessions.begin(jane).id
  expect([first, second, third].map((id) => sessions.use(id) !== undefined)).toEqual([true, false, true])
})

test('a code is good once, and for a minute', () => {
  const { clock, sessions } = atTime()
  const code = sessions.newCode(jane)
  expect(sessions.takeCode(`${code}x`)).toBeUndefined()
  expect(sessions.takeCode(code)).toEqual(jane)
  expect(sessions.takeCode(code)).toBeUndefined()
  const late = sessions.newCode(jane)
  clock.now = 60_000
  expect(sessions.takeCode(late)).toBeUndefined()
})
