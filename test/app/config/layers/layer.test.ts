import fc from 'fast-check'
import { expect, test } from 'vitest'
import { originAt, overlaid, type Layer, type Tree } from '../../../../src/app/config/layers/layer.js'
import { lawRuns } from '../../../support/law-runs.js'

const layer = (name: string, tree: Tree): Layer => ({ tree, nameAt: () => name })

test('a later layer wins key by key, and a list or a reference to a secret is replaced as a whole', () => {
  const layers = [
    layer('base', {
      ingress: { port: 1, host: 'a', token: { env: 'TOKEN' } },
      egress: { kafka: { brokers: ['a:1', 'b:1'], format: 'json' } },
    }),
    layer('prod', {
      ingress: { port: 2, token: { file: '/run/secrets/token' } },
      egress: { kafka: { brokers: ['c:1'] } },
    }),
  ]
  expect(overlaid(layers)).toEqual({
    ingress: { port: 2, host: 'a', token: { file: '/run/secrets/token' } },
    egress: { kafka: { brokers: ['c:1'], format: 'json' } },
  })
})

test('what is printed as a mapping where a text was written, or stands in a list, comes from the text or the list', () => {
  const layers = [
    layer('base', { egress: { kafka: { topics: { queue: { name: 'base.queue' } } }, sinks: [{ name: 'one' }] } }),
    layer('prod', { egress: { kafka: { topics: { queue: 'prod.queue' } } } }),
  ]
  expect(originAt(layers, ['egress', 'kafka', 'topics', 'queue', 'name'])).toBe('prod')
  expect(originAt(layers, ['egress', 'sinks', '0', 'name'])).toBe('base')
  expect(originAt(layers, ['ingress', 'port'])).toBeUndefined()
})

/** Few keys, so that layers meet. */
const anyTree = fc.letrec<{ tree: Tree; value: unknown }>((tie) => ({
  tree: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  value: fc.oneof({ depthSize: 'small' }, fc.nat(99), fc.array(fc.nat(9), { maxLength: 2 }), tie('tree')),
})).tree

const isMapping = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const leavesOf = (tree: Tree, path: readonly string[] = []): readonly (readonly [readonly string[], unknown])[] =>
  Object.entries(tree).flatMap(([key, value]) =>
    isMapping(value) ? leavesOf(value, [...path, key]) : [[[...path, key], value] as const],
  )

const valueAt = (tree: Tree, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => (isMapping(value) ? value[key] : undefined), tree)

test('law: the layer that is named for a value gives just this value, and none after it gives another', () => {
  fc.assert(
    fc.property(fc.array(anyTree, { minLength: 1, maxLength: 4 }), (trees) => {
      const layers = trees.map((tree, place) => layer(String(place), tree))
      for (const [path, value] of leavesOf(overlaid(layers))) {
        const place = Number(originAt(layers, path))
        expect(valueAt(trees[place] ?? {}, path)).toEqual(value)
        for (const later of trees.slice(place + 1)) expect(valueAt(later, path)).toBeUndefined()
      }
    }),
    lawRuns(300),
  )
})

test('law: laying layers over each other may be done in parts', () => {
  fc.assert(
    fc.property(anyTree, anyTree, anyTree, (a, b, c) => {
      const [one, two, three] = [layer('a', a), layer('b', b), layer('c', c)]
      const all = overlaid([one, two, three])
      expect(overlaid([layer('ab', overlaid([one, two])), three])).toEqual(all)
    }),
    lawRuns(300),
  )
})
