import { describe, expect, test } from 'vitest'
import type { ReadAll } from '../../../src/log/event-log.js'
import { eventOf, flatten, contents, stored } from './rig.js'
import type { Rig } from './rig.js'

export const readAllContract = ({ log, fresh, append, read }: Rig): void => {
  describe('readAll', () => {
    test('yields only streams that begin with a prefix, in the order of the log', async () => {
      const prefix = fresh()
      for (const each of ['x.1', 'y.1', 'x.2', 'z.1', 'xx.1', 'y.2'])
        stored(await append(prefix + each, 'any', eventOf(each)))
      const of = async (...prefixes: readonly string[]) =>
        contents(await read({ prefixes: prefixes.map((each) => prefix + each) }))
      expect(await of('')).toEqual(['x.1', 'y.1', 'x.2', 'z.1', 'xx.1', 'y.2'])
      expect(await of('x.')).toEqual(['x.1', 'x.2'])
      expect(await of('x', 'z')).toEqual(['x.1', 'x.2', 'z.1', 'xx.1'])
      expect(await of('y.1', 'y.')).toEqual(['y.1', 'y.2'])
      expect(await of('nobody')).toEqual([])
      expect(await read({ prefixes: [] })).toEqual([])
    })

    test('reads after one position and through another', async () => {
      const prefix = fresh()
      for (let i = 0; i < 10; i++) stored(await append(`${prefix}${i % 3}`, 'any', eventOf(`${i}`)))
      const events = await read({ prefixes: [prefix] })
      const at = (i: number) => events[i]!.position
      const of = async (options: ReadAll) => contents(await read({ prefixes: [prefix], ...options }))
      expect(await of({ after: at(3) })).toEqual(['4', '5', '6', '7', '8', '9'])
      expect(await of({ after: at(3), through: at(6) })).toEqual(['4', '5', '6'])
      expect(await of({ through: at(0) })).toEqual(['0'])
      expect(await of({ after: at(9) })).toEqual([])
      expect(await of({ after: at(5), through: at(2) })).toEqual([])
      expect(await of({ after: at(0) - 1n, through: at(1) })).toEqual(['0', '1'])
      expect(await of({ after: at(2), through: at(9) + 1_000_000n, batchMax: 2 })).toEqual([
        '3',
        '4',
        '5',
        '6',
        '7',
        '8',
        '9',
      ])
    })

    test('batches hold at most as many as asked', async () => {
      const prefix = fresh()
      for (let i = 0; i < 4; i++)
        stored(await append(`${prefix}a`, 'any', ...Array.from({ length: 8 }, (_, j) => eventOf(`${i} ${j}`))))
      const sizes: number[] = []
      for await (const batch of log.readAll({ prefixes: [prefix], batchMax: 5 })) sizes.push(batch.length)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(5)
      expect(sizes.reduce((sum, each) => sum + each, 0)).toBe(32)
    })

    test('yields everything that was acknowledged before it began, in order, while others append', async () => {
      const prefix = fresh()
      for (let round = 0; round < 10; round++) {
        const before = Array.from({ length: 5 }, (_, i) => `${round}.${i}`)
        for (const each of before) stored(await append(`${prefix}a`, 'any', eventOf(each)))
        const pending = append(`${prefix}a`, 'any', eventOf(`${round} meanwhile`))
        const seen: string[] = []
        for await (const batch of log.readAll({ prefixes: [prefix], batchMax: 3 })) seen.push(...contents(batch))
        stored(await pending)
        expect(seen).toEqual(contents(await read({ prefixes: [prefix] })).slice(0, seen.length))
        expect(seen).toEqual(expect.arrayContaining(before))
      }
    })

    test('head is the last position of the log', async () => {
      const stream = `${fresh()}a`
      const before = await log.head()
      stored(await append(stream, 'any', eventOf('one')))
      const [event] = await flatten(log.readStream(stream))
      expect(event!.position > (before ?? -1n)).toBe(true)
      expect((await log.head())! >= event!.position).toBe(true)
    })
  })
}
