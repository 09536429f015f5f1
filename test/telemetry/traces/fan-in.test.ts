import { expect, test } from 'vitest'
import { fanIn, TRACES_MAX } from '../../../src/telemetry/traces/fan-in.js'
import { LINKS_MAX } from '../../../src/telemetry/traces/spans.js'

const served = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    context: { traceId: `trace${i}`, spanId: `span${i}`, sampled: true },
  }))

test('work that serves one event is told in its trace, without links', () => {
  const [one] = served(1)
  expect(fanIn([one!])).toEqual([{ of: one, links: [] }])
})

test('work that serves three events is told in each of their traces, and links to the other two', () => {
  const [a, b, c] = served(3)
  const links = fanIn([a!, b!, c!]).map((each) => each.links.map(({ spanId }) => spanId))
  expect(links).toEqual([
    ['span1', 'span2'],
    ['span0', 'span2'],
    ['span0', 'span1'],
  ])
})

test('work that serves a hundred events is told in sixteen traces with 32 links each: those that are in no trace come first', () => {
  const told = fanIn(served(100))
  expect(told).toHaveLength(TRACES_MAX)
  for (const { links } of told) {
    expect(links).toHaveLength(LINKS_MAX)
    expect(links[0]?.spanId).toBe(`span${TRACES_MAX}`)
  }
})
