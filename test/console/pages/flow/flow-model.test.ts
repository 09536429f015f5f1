import { expect, test } from 'vitest'
import { lagText, placesIn, stageTitle } from '../../../../src/console/pages/flow/flow-model.js'
import { stageOf } from '../../../support/console/flow.js'

test('each stage has its place in the flow, and none is left out', () => {
  const names = ['ingress', 'projector', 'projector g3', 'egress.kafka', 'egress.warehouse', 'feed.wfm', 'audit']
  const { ingress, projector, warming, egress, beside } = placesIn({ stages: names.map((name) => stageOf(name)) })
  expect([ingress, projector].map((stage) => stage?.stage)).toEqual(['ingress', 'projector'])
  expect([warming, egress, beside].map((stages) => stages.map(({ stage }) => stage))).toEqual([
    ...[['projector g3'], ['egress.kafka', 'egress.warehouse'], ['feed.wfm', 'audit']],
  ])
})

test('stages are called what people call them', () => {
  expect(
    ['ingress', 'projector g3', 'egress.warehouse', 'feed.wfm', 'audit'].map((name) => stageTitle(stageOf(name))),
  ).toEqual(['Ingress', 'Projector of g3', 'warehouse', 'Feed wfm', 'Audit'])
  expect(stageTitle(stageOf('egress', { destination: null }))).toBe('Egress')
})

test('a lag is told in events and in time, as far as it is known', () => {
  expect(lagText({ lagEvents: 0, lagMs: 0 })).toBe('none')
  expect(lagText({ lagEvents: 1, lagMs: 200 })).toBe('1 event, 0.2 s')
  expect(lagText({ lagEvents: 20_000, lagIsAtLeast: true, lagMs: null })).toBe('at least 20,000 events')
  expect(lagText({ lagEvents: null, lagMs: 90_000 })).toBe('1 min 30 s')
  expect(lagText({ lagEvents: null, lagMs: null })).toBe('–')
})
