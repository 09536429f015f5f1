import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { eventOf, flatten, contents, stored } from './rig.js'
import type { Rig } from './rig.js'

export const concurrencyContract = ({ log, fresh, append }: Rig): void => {
  describe('a stream of many events', () => {
    test('is deduplicated, read and extended like a short stream', async () => {
      const stream = `${fresh()}long`
      const names = Array.from({ length: 500 }, (_, i) => `${i}`)
      for (let i = 0; i < names.length; i += 50)
        expect(
          stored(await append(stream, i - 1, ...names.slice(i, i + 50).map((each) => eventOf(each)))).revision,
        ).toBe(i + 49)
      for (const each of [0, 63, 64, 65, 127, 300, 499])
        expect(stored(await append(stream, 'any', eventOf(`${each}`), eventOf(`new ${each}`))).stored).toEqual([
          false,
          true,
        ])
      const held = [...names, ...[0, 63, 64, 65, 127, 300, 499].map((each) => `new ${each}`)]
      expect(contents(await flatten(log.readStream(stream)))).toEqual(held)
      expect(contents(await flatten(log.readStream(stream, { backwards: true, batchMax: 7 })))).toEqual(
        [...held].reverse(),
      )
      expect(contents(await flatten(log.readStream(stream, { from: 60, max: 10 })))).toEqual(held.slice(60, 70))
      expect(contents(await flatten(log.readStream(stream, { from: 66, max: 5, backwards: true })))).toEqual(
        held.slice(62, 67).reverse(),
      )
      expect(await log.streamRevision(stream)).toBe(506)
    })
  })

  describe('concurrency', () => {
    test('of concurrent appends with one expected revision exactly one wins', async () => {
      const stream = `${fresh()}a`
      for (let revision = -1; revision < 5; revision++) {
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, i) => append(stream, revision, eventOf(`${revision} by ${i}`))),
        )
        expect(answers.filter((answer) => answer !== undefined && E.isRight(answer))).toHaveLength(1)
        for (const answer of answers)
          if (answer !== undefined && E.isLeft(answer))
            expect(answer.left).toEqual({
              tag: 'WrongExpectedRevision',
              stream,
              expected: revision,
              actual: revision + 1,
            })
      }
      expect(await log.streamRevision(stream)).toBe(5)
    })

    test('an event that is appended concurrently is stored once, and one caller gets stored: true', async () => {
      const stream = `${fresh()}a`
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => append(stream, 'any', eventOf('one'), eventOf('two'))),
      )
      expect(answers.map((answer) => stored(answer).stored[0]).filter(Boolean)).toHaveLength(1)
      expect(contents(await flatten(log.readStream(stream)))).toEqual(['one', 'two'])
    })

    test('appends of one caller keep their order although none is awaited', async () => {
      const prefix = fresh()
      const names = Array.from({ length: 100 }, (_, i) => `${i}`)
      await Promise.all(names.map((each) => append(`${prefix}${Number(each) % 3}`, 'any', eventOf(each)).then(stored)))
      for (let i = 0; i < 3; i++) {
        const events = await flatten(log.readStream(`${prefix}${i}`))
        expect(contents(events)).toEqual(names.filter((each) => Number(each) % 3 === i))
        expect(events.map((event) => event.revision)).toEqual(events.map((_, revision) => revision))
      }
    })
  })
}
