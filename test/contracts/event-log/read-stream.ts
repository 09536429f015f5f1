import { describe, expect, test } from 'vitest'
import type { EventLog } from '../../../src/log/event-log.js'
import { eventOf, flatten, contents, stored } from './rig.js'
import type { Rig } from './rig.js'

export const readStreamContract = ({ log, fresh }: Rig): void => {
  describe('readStream', () => {
    const filled = async (count: number): Promise<string> => {
      const prefix = fresh()
      for (let i = 0; i < count; i += 5) {
        const events = Array.from({ length: Math.min(5, count - i) }, (_, j) => eventOf(`${i + j}`))
        const answers = await log.append([
          { stream: `${prefix}a`, expected: 'any', events },
          { stream: `${prefix}b`, expected: 'any', events },
        ])
        answers.forEach(stored)
      }
      return `${prefix}a`
    }
    const numbers = (from: number, to: number): readonly string[] =>
      Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => `${from + (to > from ? i : -i)}`)

    test('yields nothing for a stream that was never written', async () => {
      expect(await flatten(log.readStream(`${fresh()}a`))).toEqual([])
      expect(await flatten(log.readStream(`${fresh()}a`, { backwards: true }))).toEqual([])
    })

    test('reads from a revision, forwards and backwards, as many as asked', async () => {
      const stream = await filled(23)
      const of = async (options: Parameters<EventLog['readStream']>[1]) =>
        contents(await flatten(log.readStream(stream, options)))
      expect(await of({})).toEqual(numbers(0, 22))
      expect(await of({ from: 7 })).toEqual(numbers(7, 22))
      expect(await of({ from: 7, max: 6 })).toEqual(numbers(7, 12))
      expect(await of({ from: 23 })).toEqual([])
      expect(await of({ max: 0 })).toEqual([])
      expect(await of({ backwards: true })).toEqual(numbers(22, 0))
      expect(await of({ backwards: true, max: 1 })).toEqual(['22'])
      expect(await of({ backwards: true, from: 11, max: 4 })).toEqual(numbers(11, 8))
      expect(await of({ backwards: true, from: 99, max: 2 })).toEqual(numbers(22, 21))
      expect(await of({ backwards: true, from: 0 })).toEqual(['0'])
    })

    test('batches hold at most as many as asked, and lose nothing', async () => {
      const stream = await filled(23)
      for (const backwards of [false, true]) {
        const sizes: number[] = []
        for await (const batch of log.readStream(stream, { batchMax: 4, backwards })) sizes.push(batch.length)
        expect(Math.max(...sizes)).toBeLessThanOrEqual(4)
        expect(sizes.reduce((sum, each) => sum + each, 0)).toBe(23)
      }
    })

    test('revisions count from 0 within the stream and positions ascend', async () => {
      const events = await flatten(log.readStream(await filled(12)))
      expect(events.map((event) => event.revision)).toEqual(events.map((_, i) => i))
      expect(events.every((event, i) => i === 0 || event.position > events[i - 1]!.position)).toBe(true)
    })

    test('streamRevision is the last one, or undefined', async () => {
      expect(await log.streamRevision(await filled(12))).toBe(11)
      expect(await log.streamRevision(`${fresh()}a`)).toBeUndefined()
    })
  })
}
