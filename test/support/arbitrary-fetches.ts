import fc from 'fast-check'
import type { ConversationRecorded, Fact } from '../../src/domain/fact.js'
import { anyMetric, anyTick } from './arbitrary-facts.js'

/** A record of one of few conversations, so that most are fetched several times. */
const anyRecord: fc.Arbitrary<ConversationRecorded> = fc.record({
  type: fc.constant('ConversationRecorded' as const),
  conversationId: fc.constantFrom('c1', 'c2', 'c3'),
  points: fc.array(
    anyMetric.map(({ type: _, ...point }) => point),
    { maxLength: 6 },
  ),
})

/** Records that mostly change a little from one fetch to the next, and the clock between them. */
export const anyFetches: fc.Arbitrary<readonly Fact[]> = fc
  .array(fc.oneof({ arbitrary: anyRecord, weight: 3 }, { arbitrary: anyTick, weight: 1 }), { maxLength: 14 })
  .chain((facts) => fc.tuple(fc.constant(facts), fc.array(fc.nat({ max: 7 }), { maxLength: 14 })))
  .map(([facts, keeps]) => {
    const last = new Map<string, ConversationRecorded>()
    return facts.map((fact, index) => {
      if (fact.type !== 'ConversationRecorded') return fact
      const before = last.get(fact.conversationId)?.points ?? []
      const changed = { ...fact, points: [...before.slice(0, keeps[index] ?? 0), ...fact.points.slice(0, 3)] }
      last.set(fact.conversationId, changed)
      return changed
    })
  })

/**
 * Metric records of the same conversations beside their records, in any order: some of them emissions that a record
 * states too, some of callbacks that are joined by their session.
 */
export const anyFetchesBesideEmissions: fc.Arbitrary<readonly Fact[]> = fc
  .tuple(
    anyFetches,
    fc.array(fc.tuple(anyMetric, fc.constantFrom('c1/', 'c2/', 'c3/', 'c1/s1', 'c2/s2')), { maxLength: 12 }),
    fc.array(fc.nat(), { maxLength: 8 }),
    fc.infiniteStream(fc.nat()),
  )
  .map(([fetches, metrics, copied, places]) => {
    const stated = fetches.flatMap((fact) =>
      fact.type === 'ConversationRecorded'
        ? fact.points.map((point): Fact => ({ type: 'MetricEmitted', ...point, session: `${fact.conversationId}/` }))
        : [],
    )
    const emissions = [
      ...metrics.map(([metric, session]): Fact => ({ ...metric, session })),
      ...(stated.length === 0 ? [] : copied.map((place) => stated[place % stated.length] as Fact)),
    ]
    const facts = [...fetches]
    for (const emission of emissions) facts.splice((places.next().value as number) % (facts.length + 1), 0, emission)
    return facts
  })
