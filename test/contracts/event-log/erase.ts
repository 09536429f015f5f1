import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { eventOf, flatten, stored, refusal } from './rig.js'
import type { Rig } from './rig.js'

export const eraseContract = ({ log, fresh, append, read }: Rig): void => {
  describe('erase', () => {
    const erase = async (stream: string): Promise<number> => {
      const answer = await log.erase(stream)
      if (E.isLeft(answer)) throw new Error(`not erased: ${JSON.stringify(answer)}`)
      return answer.right.events
    }

    test('an erased stream reads as empty and refuses appends, also of the events that it held', async () => {
      const stream = `${fresh()}a`
      const held = Array.from({ length: 100 }, (_, i) => eventOf(`${stream} ${i}`))
      stored(await append(stream, 'any', ...held))
      expect(await erase(stream)).toBe(100)
      expect(await flatten(log.readStream(stream))).toEqual([])
      expect(await flatten(log.readStream(stream, { backwards: true, max: 1 }))).toEqual([])
      expect(await log.streamRevision(stream)).toBeUndefined()
      for (const events of [held, held.slice(0, 1), [eventOf(`${stream} late`)]])
        expect(refusal(await append(stream, 'any', ...events))).toMatchObject({ tag: 'Refused', isErased: true })
    })

    test('the neighbours of an erased stream keep their bytes, revisions and positions', async () => {
      const prefix = fresh()
      for (let i = 0; i < 10; i++)
        for (const name of ['a', 'b', 'c'])
          stored(await append(`${prefix}${name}`, 'any', eventOf(`${prefix}${name}${i}`)))
      const kept = [`${prefix}a`, `${prefix}c`]
      const before = await read({ prefixes: kept })
      await erase(`${prefix}b`)
      expect(await read({ prefixes: kept })).toEqual(before)
      for (const stream of kept)
        expect(await flatten(log.readStream(stream))).toEqual(before.filter((event) => event.stream === stream))
      expect(stored(await append(`${prefix}a`, 9, eventOf(`${prefix}more`))).revision).toBe(10)
    })

    test('erasing an erased stream, or one that was never written, erases nothing', async () => {
      const stream = `${fresh()}a`
      expect(await erase(stream)).toBe(0)
      stored(await append(stream, 'any', eventOf(stream)))
      expect([await erase(stream), await erase(stream)]).toEqual([1, 0])
    })

    test('appends that are under way during an erasure are stored whole or refused', async () => {
      const prefix = fresh()
      const writing = Array.from({ length: 20 }, (_, i) =>
        append(`${prefix}${i % 2 === 0 ? 'a' : 'b'}`, 'any', eventOf(`${prefix}${i}`)),
      )
      const erasing = erase(`${prefix}a`)
      const more = Array.from({ length: 20 }, (_, i) => append(`${prefix}b`, 'any', eventOf(`${prefix}more ${i}`)))
      await Promise.all([...writing, erasing, ...more])
      await erase(`${prefix}a`) // what came after the first is there, or was refused
      expect(await flatten(log.readStream(`${prefix}a`))).toEqual([])
      expect(await flatten(log.readStream(`${prefix}b`))).toHaveLength(30)
    })
  })
}
