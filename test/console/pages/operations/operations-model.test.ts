import { expect, test } from 'vitest'
import { textOf } from '../../../../src/console/pages/operations/dead-letters/letter.js'
import { dimensionsIn, doneOf } from '../../../../src/console/pages/operations/generations/generation.js'
import { rangeIn } from '../../../../src/console/pages/operations/range.js'
import { operationTitle } from '../../../../src/console/pages/operations/titles.js'
import { operations } from '../../../../src/http/admin/operations/table.js'

test('how much of the raw log a generation has folded', () => {
  expect(doneOf({ position: '50', head: '200', phase: 'incomplete' })).toBe(0.25)
  expect(doneOf({ position: null, head: '200', phase: 'incomplete' })).toBe(0)
  expect(doneOf({ position: '50', head: '200', phase: 'retired' })).toBeUndefined()
  expect(doneOf({ position: null, head: '0', phase: 'live' })).toBe(1)
})

test('dimensions are lines of name=value; a line that is none is named', () => {
  expect(dimensionsIn(' queueId = a=b \n\nmedia=voice')).toEqual({
    ok: true,
    value: { queueId: 'a=b', media: 'voice' },
  })
  expect(dimensionsIn('queueId=a\nvoice')).toEqual({ ok: false, line: 'voice' })
})

test('a range is sent in UTC, and an open end not at all', () => {
  expect(rangeIn({ from: '2026-07-01T00:00', to: '' }, 'Europe/Berlin')).toEqual({ from: '2026-06-30T22:00:00.000Z' })
})

test('the bytes of a dead letter are shown as text, JSON laid out', () => {
  const shown = (bytes: string) => textOf(Buffer.from(bytes).toString('base64'))
  expect(shown('{"ä":1}')).toBe('{\n  "ä": 1\n}')
  expect(shown('{"ä":')).toBe('{"ä":')
})

test('jobs that have a title are operations of the admin API', () => {
  const jobs = operations.filter(({ kind }) => kind === 'job').map(({ id }) => id)
  const titled = jobs.filter((id) => operationTitle(id) !== id)
  expect(titled).toContain('rebuild')
  expect(operationTitle('someLaterOperation')).toBe('someLaterOperation')
  expect(jobs.filter((id) => operationTitle(id) === id)).toEqual([])
})
