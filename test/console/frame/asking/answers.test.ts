import { describe, expect, test } from 'vitest'
import { failureOf, failureText } from '../../../../src/console/frame/asking/answers.js'
import { preferencesIn } from '../../../../src/console/frame/preferences/preferences.js'

describe('a call that failed', () => {
  const problem = { title: 'the input cannot be used', detail: 'a: wrong; b: missing' }

  test('is told with the problem that the server names', () => {
    expect(failureOf(422, problem)).toEqual({ kind: 'problem', problem })
    expect(failureText({ kind: 'problem', problem })).toEqual({
      ...{ title: 'The input cannot be used', detail: 'A: wrong; b: missing', parts: [] },
    })
  })

  test('names each part of the input that cannot be used', () => {
    const errors = [{ at: 'scope.from', message: 'no instant' }]
    expect(failureText({ kind: 'problem', problem: { ...problem, errors } }).parts).toEqual(['scope.from: no instant'])
  })

  test('without a session leads to signing in', () => {
    expect(failureOf(401, undefined)).toEqual({ kind: 'signed-out' })
    expect(failureOf(401, problem)).toEqual({ kind: 'signed-out', problem })
  })

  test('with an answer that is not one of the API is told as such', () => {
    for (const body of [undefined, null, 'Bad Gateway', { error: 1 }])
      expect(failureOf(502, body)).toEqual({ kind: 'unreadable', status: 502 })
    expect(failureText({ kind: 'unreadable', status: 502 }).title).toContain('502')
  })
})

describe('preferences', () => {
  test('are those that were stored, as far as they can be used', () => {
    expect(preferencesIn('{"theme":"dark","zone":"Asia/Tokyo"}', 'UTC')).toEqual({ theme: 'dark', zone: 'Asia/Tokyo' })
    expect(preferencesIn('{"theme":"pink","zone":"Moon/Sea"}', 'UTC')).toEqual({ theme: 'system', zone: 'UTC' })
    for (const stored of [null, 'no JSON', '7'])
      expect(preferencesIn(stored, 'Europe/Berlin')).toEqual({ theme: 'system', zone: 'Europe/Berlin' })
  })
})
