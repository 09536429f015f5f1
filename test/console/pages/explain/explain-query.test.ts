import { expect, test } from 'vitest'
import type { Explanation as Answered } from '../../../../src/app/operations/explain/explanation.js'
import type { Explanation } from '../../../../src/console/pages/explain/answers.js'
import {
  explainBody,
  explainCommand,
  explainParams,
  explainQueryIn,
} from '../../../../src/console/pages/explain/explain-query.js'

/** What the page reads is what the operation answers: this does not compile otherwise. */
export const readAs = (answered: Answered): Explanation => answered

const params = {
  ...{ family: 'queue', interval: '2026-01-05T08:30:00.000Z', granularity: 'PT15M', kpi: 'serviceLevel' },
  ...{ queueId: 'q1', mediaType: 'voice', direction: '-' },
}

test('an address names a row by its dimensions, and - is none', () => {
  const query = explainQueryIn(params)
  expect(query).toMatchObject({ isSum: false, dimensions: { queueId: 'q1', mediaType: 'voice', direction: '-' } })
  expect(explainBody(query!)).toEqual({
    ...{ family: 'queue', interval: '2026-01-05T08:30:00.000Z', granularity: 'PT15M', kpi: 'serviceLevel' },
    dimensions: { queueId: 'q1', mediaType: 'voice', direction: '-' },
  })
  expect(Object.fromEntries(Object.entries(explainParams(query!)).filter(([, value]) => value !== undefined))).toEqual(
    params,
  )
})

test('a revision of an address is a number from 1, and an address without an interval names nothing', () => {
  expect(explainQueryIn({ ...params, revision: '18' })?.revision).toBe(18)
  expect(explainQueryIn({ ...params, revision: '0' })?.revision).toBeUndefined()
  expect(explainQueryIn({ family: 'queue' })).toBeUndefined()
  expect(explainQueryIn({ family: 'queue', interval: 'noon' })).toBeUndefined()
})

test('the command that gives the same answer names the same row, and a value cannot end it', () => {
  const query = explainQueryIn({ ...params, queueId: "it's; rm" })!
  expect(explainCommand(query)).toBe(
    `streamvane explain --family queue --interval 2026-01-05T08:30:00.000Z --granularity PT15M --where 'queueId=it'\\''s; rm' --where mediaType=voice --where direction=- --kpi serviceLevel`,
  )
})
