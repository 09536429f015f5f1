import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { divideBuckets, type Member } from '../../../../src/app/pipeline/shards/bucket-assignment.js'

const buckets = Array.from({ length: 64 }, (_, index) => index)

/** Members that hold anything, some of it claimed by several and some of it unheard of. */
const anyMembers: fc.Arbitrary<readonly Member[]> = fc.uniqueArray(
  fc.record({ id: fc.string(), held: fc.uniqueArray(fc.integer({ min: 0, max: 70 })) }),
  { minLength: 1, maxLength: 70, selector: ({ id }) => id },
)

const divided = (members: readonly Member[]) =>
  [...divideBuckets(buckets, members)].sort(([a], [b]) => (a < b ? -1 : 1))

describe('buckets are divided among the members of a group', () => {
  test('each to one member, and evenly', () => {
    fc.assert(
      fc.property(anyMembers, (members) => {
        const shares = divided(members).map(([, share]) => share)
        expect(shares.flat().sort((a, b) => a - b)).toEqual(buckets)
        const sizes = shares.map(({ length }) => length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('in the same way whatever the order of the members', () => {
    fc.assert(
      fc.property(
        anyMembers.chain((members) =>
          fc.tuple(fc.constant(members), fc.shuffledSubarray([...members], { minLength: members.length })),
        ),
        ([members, shuffled]) => {
          expect(divided(shuffled)).toEqual(divided(members))
        },
      ),
    )
  })

  test('so that nothing changes hands while the members stay', () => {
    fc.assert(
      fc.property(anyMembers, (members) => {
        const first = divided(members)
        expect(divided(first.map(([id, held]) => ({ id, held })))).toEqual(first)
      }),
    )
  })

  test('so that the others keep what they hold when one leaves', () => {
    fc.assert(
      fc.property(anyMembers, fc.nat(), (members, index) => {
        const held = divided(members).map(([id, share]): Member => ({ id, held: share }))
        const rest = held.filter((_, at) => at !== index % held.length)
        fc.pre(rest.length > 0)
        const after = divideBuckets(buckets, rest)
        for (const { id, held: own } of rest) expect(after.get(id)).toEqual(expect.arrayContaining([...own]))
      }),
    )
  })

  test('so that a newcomer gets its share and the others give up no more than that', () => {
    const three = divided(['a', 'b', 'c'].map((id) => ({ id, held: [] })))
    const after = divideBuckets(buckets, [...three.map(([id, held]) => ({ id, held })), { id: 'd', held: [] }])
    expect(after.get('d')).toHaveLength(16)
    for (const [id, held] of three) expect((after.get(id) ?? []).every((bucket) => held.includes(bucket))).toBe(true)
  })
})
