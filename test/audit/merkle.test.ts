import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CompactRange,
  consistencyProof,
  EMPTY_ROOT,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  nodeHash,
  rootAt,
  sameHash,
  type Hash,
  type Nodes,
} from '../../src/audit/merkle.js'

/** The inputs and roots that the implementations of certificate transparency test with. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const SIZES = 70
const leaves = Array.from({ length: SIZES }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)))

/** The definition of RFC 6962 section 2.1, word for word. */
const naiveRoot = (some: readonly Hash[]): Hash => {
  if (some.length === 0) return EMPTY_ROOT
  if (some.length === 1) return some[0]!
  let k = 1
  while (k * 2 < some.length) k *= 2
  return nodeHash(naiveRoot(some.slice(0, k)), naiveRoot(some.slice(k)))
}

const nodesOf =
  (some: readonly Hash[]): Nodes =>
  (level, index) => {
    const width = 2 ** level
    const range = some.slice(index * width, (index + 1) * width)
    if (range.length !== width) throw new Error(`the subtree ${level}/${index} is not complete`)
    return naiveRoot(range)
  }
const nodes = nodesOf(leaves)

const rangeOf = (some: readonly Hash[]): CompactRange => {
  const range = new CompactRange()
  for (const leaf of some) range.append(leaf)
  return range
}

const flipped = (hash: Hash): Hash => hash.map((byte, index) => (index === 0 ? byte ^ 1 : byte))

describe('the Merkle tree', () => {
  test('has the published roots of the vectors of certificate transparency', () => {
    const some = LEAVES.map((hex) => leafHash(Buffer.from(hex, 'hex')))
    expect(ROOTS.map((_, size) => Buffer.from(rangeOf(some.slice(0, size)).root()).toString('hex'))).toEqual(ROOTS)
  })

  test('has the published inclusion proof of leaf 0 and consistency proof from 6 to 8', () => {
    const some = LEAVES.map((hex) => leafHash(Buffer.from(hex, 'hex')))
    const hex = (path: readonly Hash[]): readonly string[] => path.map((each) => Buffer.from(each).toString('hex'))
    expect(hex(inclusionProof(0, 8, nodesOf(some)))).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ])
    expect(hex(consistencyProof(6, 8, nodesOf(some)))).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ])
  })

  test(`has the root that the RFC defines, leaf by leaf and from its nodes, for all sizes to ${SIZES}`, () => {
    for (let size = 0; size <= SIZES; size++) {
      const wanted = naiveRoot(leaves.slice(0, size))
      expect(sameHash(rangeOf(leaves.slice(0, size)).root(), wanted)).toBe(true)
      expect(sameHash(rootAt(size, nodes), wanted)).toBe(true)
    }
  })

  test('goes on from the subtrees of a smaller tree, and tells each complete subtree once', () => {
    fc.assert(
      fc.property(fc.nat(SIZES), fc.nat(SIZES), (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const range = CompactRange.of(from, rangeOf(leaves.slice(0, from)).hashes())
        const told: string[] = []
        for (const leaf of leaves.slice(from, to))
          range.append(leaf, (level, index, hash) => {
            expect(sameHash(hash, nodes(level, index))).toBe(true)
            told.push(`${level}/${index}`)
          })
        expect(sameHash(range.root(), naiveRoot(leaves.slice(0, to)))).toBe(true)
        expect(new Set(told).size).toBe(told.length)
      }),
      { numRuns: 50 },
    )
  })

  test('refuses subtrees that are not those of a size', () => {
    expect(() => CompactRange.of(3, [leaves[0]!])).toThrow(RangeError)
    expect(() => CompactRange.of(-1, [])).toThrow(RangeError)
  })
})

describe('an inclusion proof', () => {
  test(`shows every leaf of every tree to size ${SIZES}, and not with a hash changed, added or left out`, () => {
    for (let size = 1; size <= SIZES; size++) {
      const root = naiveRoot(leaves.slice(0, size))
      for (let index = 0; index < size; index++) {
        const path = inclusionProof(index, size, nodes)
        const leaf = leaves[index]!
        expect(isIncluded(index, size, leaf, path, root)).toBe(true)
        expect(isIncluded(index, size, flipped(leaf), path, root)).toBe(false)
        expect(isIncluded(index, size, leaf, [...path, leaf], root)).toBe(false)
        expect(isIncluded(index, size, leaf, path.slice(1), root)).toBe(size === 1)
        const changed = path.map((each, nth) => (nth === index % path.length ? flipped(each) : each))
        expect(isIncluded(index, size, leaf, changed, root)).toBe(size === 1)
      }
    }
  })

  test('shows a leaf at no other index', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: SIZES }), fc.nat(), fc.nat(), (size, a, b) => {
        const [index, other] = [a % size, b % size]
        const path = inclusionProof(index, size, nodes)
        const root = naiveRoot(leaves.slice(0, size))
        expect(isIncluded(other, size, leaves[index]!, path, root)).toBe(index === other)
        expect(isIncluded(size, size, leaves[index]!, path, root)).toBe(false)
      }),
      { numRuns: 100 },
    )
  })
})

describe('a consistency proof', () => {
  test(`shows every smaller tree in every tree to size ${SIZES}, and no other`, () => {
    for (let size = 1; size <= SIZES; size++)
      for (let first = 1; first <= size; first++) {
        const older = { size: first, root: naiveRoot(leaves.slice(0, first)) }
        const newer = { size, root: naiveRoot(leaves.slice(0, size)) }
        const path = consistencyProof(first, size, nodes)
        expect(isConsistent(older, newer, path)).toBe(true)
        expect(isConsistent({ ...older, root: flipped(older.root) }, newer, path)).toBe(false)
        expect(isConsistent(older, { ...newer, root: flipped(newer.root) }, path)).toBe(false)
        expect(isConsistent(older, newer, [...path, older.root])).toBe(false)
        if (path.length > 0) {
          expect(isConsistent(older, newer, path.slice(1))).toBe(false)
          const changed = path.map((each, nth) => (nth === first % path.length ? flipped(each) : each))
          expect(isConsistent(older, newer, changed)).toBe(false)
        }
      }
  })
})
