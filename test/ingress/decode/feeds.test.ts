import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import { familyNames } from '../../../src/domain/family.js'
import { defaultProfile, pointSources } from '../../../src/domain/profile.js'
import { decodeRaw, feeds } from '../../../src/ingress/decode/decoders.js'
import { readRawEvent } from '../read-one.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { rowsOf } from '../../support/given.js'

const origin = { tenant: 't', source: 'test', receivedAt: 0 }
const events = [
  ...simulate({ seed: 3, fromMs: Date.UTC(2026, 0, 5, 8), hours: 1, queues: 3, agents: 20, emit: 'both' }),
].map(({ line }) => {
  const read = readRawEvent(Buffer.from(line), origin)
  if (E.isLeft(read)) throw new Error(read.left.detail)
  return read.right.event
})

const factsOf = (type: string, data: Uint8Array): readonly Fact[] => {
  const facts = decodeRaw(type, data)
  if (E.isLeft(facts)) throw new Error(facts.left.detail)
  return facts.right
}

test.each(pointSources)('what feeds no figure with points from %s changes none: a fold may pass over it', (points) => {
  const profile = { ...defaultProfile, points, families: familyNames }
  const needed = events.filter(({ type }) => feeds(type, points))
  expect(new Set(events.map(({ type }) => type)).size).toBeGreaterThan(15)
  expect(needed.length).toBeLessThan(events.length)
  const rows = (from: typeof events) =>
    rowsOf(
      from.flatMap(({ type, data }) => factsOf(type, data)),
      profile,
    )
  expect(rows(needed)).toEqual(rows(events))
  expect(rows(needed).length).toBeGreaterThan(10)
})
