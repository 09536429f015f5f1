import { describe, expect, test } from 'vitest'
import { type CopyOutcome } from '../../../src/app/log-copy/copy.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { chance } from '../../support/chance.js'
import { failingAppend } from '../../support/failing-log.js'
import { Crash, Life } from '../../support/mortal.js'
import { memoryParts, morning, copied, allOf, text, rawOf } from './fixtures.js'

describe('an interrupted copy', () => {
  const killed = async (seed: number): Promise<void> => {
    const random = chance(seed)
    const source = memoryParts()
    await morning(source)
    const [calm, log] = [memoryLog(), memoryLog()]
    await copied(source, singleLog(calm))
    let deaths = 0
    for (let outcome: CopyOutcome | undefined; outcome === undefined;) {
      const life = new Life(1 + random.below(6), random.oneOf(['before', 'after']))
      try {
        const to = singleLog({ ...log, ...life.log(log) })
        outcome = await copied(source, to, { inFlight: random.oneOf([1, 2, 7, 64]) })
        expect(outcome).toMatchObject({ kind: 'copied', differences: [] })
      } catch (cause) {
        if (!(cause instanceof Crash)) throw new Error(`seed ${seed}`, { cause })
        await life.settled()
        if (++deaths > 2_000) throw new Error(`seed ${seed}: it gets nowhere`, { cause })
      }
    }
    expect(deaths).toBeGreaterThan(2)
    expect(await rawOf(singleLog(log))).toEqual(await rawOf(singleLog(calm)))
    const [ours, theirs] = [await allOf(log), await allOf(calm)]
    expect(ours.map(text).sort()).toEqual(theirs.map(text).sort())
  }
  test.each([1, 2, 3, 4, 5, 6])(
    'that crashes at any append and is started again ends like an uninterrupted one: seed %i',
    killed,
    60_000,
  )

  test.each([true, false])(
    'resumes by itself after an append with an unknown outcome (applied: %s)',
    async (applied) => {
      const source = memoryParts()
      await morning(source)
      for (const n of [1, 2, 5]) {
        const log = memoryLog()
        const failing = failingAppend(log, n, { tag: 'NotAvailable', cause: new Error('no answer') }, applied)
        expect(await copied(source, singleLog(failing), { inFlight: 3 })).toMatchObject({
          kind: 'copied',
          differences: [],
          before: { events: 0 },
        })
        expect(await rawOf(singleLog(log))).toEqual(await rawOf(source))
      }
    },
    60_000,
  )

  test('that the operator stopped reports it, and the next run resumes it', async () => {
    const source = memoryParts()
    await morning(source)
    const log = memoryLog()
    const stop = new AbortController()
    const onProgress = (): void => stop.abort()
    expect(await copied(source, singleLog(log), { signal: stop.signal, onProgress })).toMatchObject({ kind: 'stopped' })
    expect(await copied(source, singleLog(log))).toMatchObject({ kind: 'copied', differences: [] })
  })
})
