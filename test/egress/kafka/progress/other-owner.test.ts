import { describe, expect, test } from 'vitest'
import {
  mayPublish,
  publishesAlready,
  watchForSign,
  type SignsOfLife,
} from '../../../../src/egress/kafka/progress/other-owner.js'
import type { Owner } from '../../../../src/egress/kafka/progress/progress.js'

const NOON = Date.UTC(2026, 0, 5, 12)
const ago = (ms: number): string => new Date(NOON - ms).toISOString()
const self = { id: 'self', host: 'here', pid: 1 }
const there: Owner = { id: 'other', host: 'there', pid: 7, since: ago(3_600_000), at: ago(5_000), claim: 2 }

/** A clock that goes on with each pause. */
const signs = (running: readonly number[] = []): SignsOfLife => {
  let now = NOON
  return {
    now: () => now,
    pause: async (ms) => void (now += ms),
    isRunning: (pid) => running.includes(pid),
    silentAfterMs: 30_000,
  }
}

describe('the owner of a progress', () => {
  test.each<[string, Partial<Owner>, boolean]>([
    ['on another machine that wrote five seconds ago may publish', {}, true],
    ['on another machine that was silent for long does not', { at: ago(30_000) }, false],
    ['of this machine that runs may publish', { host: 'here', pid: 8 }, true],
    ['of this machine that does not run does not: it has crashed', { host: 'here', pid: 9 }, false],
    ['of this machine with our own process id does not: it is our earlier life', { host: 'here', pid: 1 }, false],
    ['that is this very sink does not', { id: 'self' }, false],
    ['of a version that gives no signs does not', { at: undefined as never }, false],
  ])('%s', (_, owner, may) => {
    expect(mayPublish({ ...there, ...owner }, self, signs([8]))).toBe(may)
  })
})

describe('an owner that may publish', () => {
  const watching = (...seen: readonly (Owner | undefined)[]) => {
    let at = 0
    const read = async () => {
      const owner = seen[Math.min(at++, seen.length - 1)]
      return owner === undefined ? undefined : { progress: undefined, owner, place: undefined }
    }
    return watchForSign(there, self, read, signs(), new AbortController().signal)
  }

  test('is named once it gives another sign', async () => {
    const later = { ...there, at: ago(-2_000) }
    expect(await watching(there, there, later)).toEqual(later)
  })

  test('is named where a third instance has taken over from it meanwhile', async () => {
    const third = { ...there, id: 'third', host: 'elsewhere' }
    expect(await watching(there, third)).toEqual(third)
  })

  test('is taken to be gone once it was silent for long enough', async () => {
    expect(await watching(there)).toBeUndefined()
  })

  test('is taken to be gone where its clock is ahead by a day and it gives no sign', async () => {
    const ahead = { ...there, at: ago(-86_400_000) }
    const read = async () => ({ progress: undefined, owner: ahead, place: undefined })
    expect(await watchForSign(ahead, self, read, signs(), new AbortController().signal)).toBeUndefined()
  })
})

test('the refusal says who publishes, from where, since when, and how to go on', () => {
  expect(publishesAlready(there, 'streamvane.acme.kafka')).toMatch(
    /^process 7 on there publishes as streamvane\.acme\.kafka since 2026-01-05T11:00:00\.000Z .*egress\.kafka\.transactionalId.*streamvane run --take-over/,
  )
})
