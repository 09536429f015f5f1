import * as E from 'fp-ts/lib/Either.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Progress, ProgressCheck, Sink, SinkBatch, SinkFailure } from '../egress/sink.js'
import { batchAt, recordsAt } from './sample-records.js'

export { batchAt, recordsAt }

/** What a reader of the destination sees of a row. */
export type DeliveredRow = Readonly<{ key: string; revision: number; replay: boolean }>

/** A destination of one test. `delivered` reads what counts there, in order within a key. */
export type SinkHarness = Readonly<{
  sink: () => Sink
  delivered: () => Promise<readonly DeliveredRow[]>
  end: () => Promise<void>
}>

const idle = new AbortController().signal
/** Connects an installation that goes on from whatever progress it finds. */
export const connect = (sink: Sink): Promise<E.Either<SinkFailure, Progress | undefined>> =>
  sink.connect(idle, anyProgress)()
const anyProgress: ProgressCheck = async () => E.right(undefined)
/** Writes a batch; where it lies then is left out. */
export const write = async (sink: Sink, batch: SinkBatch): Promise<E.Either<SinkFailure, undefined>> =>
  E.map(() => undefined)(await sink.write(batch, idle)())

/** The revisions that arrived, in order, by row key. */
export const revisionsByKey = (delivered: readonly DeliveredRow[]): Readonly<Record<string, readonly number[]>> => {
  const byKey: Record<string, number[]> = {}
  for (const { key, revision } of delivered) (byKey[key] ??= []).push(revision)
  return byKey
}

const keysOfBatch = recordsAt(1).length

/**
 * The contract that every sink keeps. `replays`: what a replay does. `marked`: its records are delivered, marked as such.
 * `restored`: the destination holds each row once, and a replay puts back what is gone.
 */
export const sinkContract = (
  name: string,
  start: () => Promise<SinkHarness>,
  { replays = 'marked' }: Readonly<{ replays?: 'marked' | 'restored' }> = {},
): void => {
  describe(`sink contract: ${name}`, () => {
    let harness: SinkHarness
    const sinks: Sink[] = []
    const newSink = (): Sink => {
      const sink = harness.sink()
      sinks.push(sink)
      return sink
    }
    beforeEach(async () => {
      harness = await start()
    })
    afterEach(async () => {
      for (const sink of sinks.splice(0)) await sink.close()
      await harness.end()
    })
    const connected = async (sink: Sink): Promise<void> => expect(await connect(sink)).toMatchObject({ _tag: 'Right' })
    const expectRevisions = async (...revisions: number[]): Promise<void> => {
      const byKey = revisionsByKey(await harness.delivered())
      expect(Object.keys(byKey)).toHaveLength(revisions.length === 0 ? 0 : keysOfBatch)
      for (const seen of Object.values(byKey)) expect(seen).toEqual(revisions)
    }

    test('a new destination has no progress', async () => {
      expect(await connect(newSink())).toEqual(E.right(undefined))
    })

    test('what is written is delivered in order, and the progress with it', async () => {
      const sink = newSink()
      await connected(sink)
      for (const n of [1, 2, 3]) expect(await write(sink, batchAt(n))).toEqual(E.right(undefined))
      await expectRevisions(1, 2, 3)
      expect(await connect(newSink())).toEqual(E.right(batchAt(3).progress))
    })

    test('another instance goes on where the first one closed', async () => {
      const first = newSink()
      await connected(first)
      expect(await write(first, batchAt(1))).toEqual(E.right(undefined))
      await first.close()
      const second = newSink()
      expect(await connect(second)).toEqual(E.right(batchAt(1).progress))
      expect(await write(second, batchAt(2))).toEqual(E.right(undefined))
      await expectRevisions(1, 2)
    })

    test('a cut-over that is not finished stays in the progress', async () => {
      const first = newSink()
      await connect(first)
      const cutOver = { before: [{ generation: 'g0', revision: 41, logId: 'log-1' }], done: 17 }
      const progress = { generation: 'g1', revision: 10, promotion: 2, cutOver }
      expect(await write(first, { ...batchAt(1), progress })).toEqual(E.right(undefined))
      await first.close()
      expect(await connect(newSink())).toEqual(E.right(progress))
    })

    test('of two live instances the older is fenced, delivers nothing and moves no progress', async () => {
      const [older, newer] = [newSink(), newSink()]
      await connected(older)
      expect(await write(older, batchAt(1))).toEqual(E.right(undefined))
      expect(await connect(newer)).toEqual(E.right(batchAt(1).progress))
      expect(await write(older, batchAt(7))).toMatchObject({ left: { tag: 'Fenced' } })
      expect(await write(newer, batchAt(2))).toEqual(E.right(undefined))
      await expectRevisions(1, 2)
      expect(await connect(newSink())).toEqual(E.right(batchAt(2).progress))
    })

    test('an instance that was superseded is told so when it connects again, and the newer one goes on', async () => {
      const [older, newer] = [newSink(), newSink()]
      await connected(older)
      await connected(newer)
      expect(await write(newer, batchAt(1))).toEqual(E.right(undefined))
      expect(await connect(older)).toMatchObject({ left: { tag: 'Fenced' } })
      expect(await write(newer, batchAt(2))).toEqual(E.right(undefined))
      await expectRevisions(1, 2)
    })

    test('an instance that connects again and was not superseded goes on', async () => {
      const sink = newSink()
      await connected(sink)
      expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
      expect(await connect(sink)).toEqual(E.right(batchAt(1).progress))
      expect(await write(sink, batchAt(2))).toEqual(E.right(undefined))
      await expectRevisions(1, 2)
    })

    test('an instance that was closed takes over like a new one', async () => {
      const [first, second] = [newSink(), newSink()]
      await connected(first)
      await connected(second)
      expect(await write(second, batchAt(1))).toEqual(E.right(undefined))
      await first.close()
      expect(await connect(first)).toEqual(E.right(batchAt(1).progress))
      expect(await write(first, batchAt(2))).toEqual(E.right(undefined))
      expect(await write(second, batchAt(2))).toMatchObject({ left: { tag: 'Fenced' } })
      await expectRevisions(1, 2)
    })

    test('an idle instance can ask whether another has taken over', async () => {
      const [older, newer] = [newSink(), newSink()]
      await connected(older)
      expect(await older.stillOwner?.(idle)()).toEqual(E.right(undefined))
      await connected(newer)
      expect(await newer.stillOwner?.(idle)()).toEqual(E.right(undefined))
      expect(await older.stillOwner?.(idle)()).toMatchObject({ left: { tag: 'Fenced' } })
    })

    test('a progress that is not its own is refused before the instance that publishes is disturbed', async () => {
      const [publishing, stray] = [newSink(), newSink()]
      await connected(publishing)
      const progress = { generation: 'g1', revision: 10, logId: 'log-1', eventId: 'event-10' }
      expect(await write(publishing, { records: recordsAt(1), progress })).toEqual(E.right(undefined))
      const seen: unknown[] = []
      const foreign: ProgressCheck = async (found) => {
        seen.push(found)
        return E.left('it is the progress of another log')
      }
      expect(await stray.connect(idle, foreign)()).toMatchObject({
        left: { tag: 'Refused', reason: expect.stringContaining('it is the progress of another log') },
      })
      expect(seen).toEqual([progress])
      expect(await write(publishing, batchAt(2))).toEqual(E.right(undefined))
      await expectRevisions(1, 2)
    })

    test('a progress that changes between the look and the fencing is checked again', async () => {
      const sink = newSink()
      let looks = 0
      const check: ProgressCheck = async () => {
        looks += 1
        if (looks === 1) {
          const other = newSink()
          await connected(other)
          expect(await write(other, batchAt(1))).toEqual(E.right(undefined))
        }
        return E.right(undefined)
      }
      expect(await sink.connect(idle, check)()).toEqual(E.right(batchAt(1).progress))
      expect(looks).toBe(2)
    })

    if (replays === 'marked')
      test('a replay is delivered, marked as such, and moves no progress', async () => {
        const sink = newSink()
        await connected(sink)
        expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
        expect(await write(sink, { records: recordsAt(1, { replay: true }) })).toEqual(E.right(undefined))
        expect(await write(sink, batchAt(2))).toEqual(E.right(undefined))
        expect(await connect(newSink())).toEqual(E.right(batchAt(2).progress))
        const delivered = await harness.delivered()
        expect(delivered.filter(({ replay }) => replay).map(({ revision }) => revision)).toEqual(
          Array(keysOfBatch).fill(1),
        )
        expect(Object.values(revisionsByKey(delivered.filter(({ replay }) => !replay)))).toEqual(
          Array(keysOfBatch).fill([1, 2]),
        )
      })
    else
      test('a replay of what is there changes nothing, and moves no progress', async () => {
        const sink = newSink()
        await connected(sink)
        expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
        expect(await write(sink, { records: recordsAt(1, { replay: true }) })).toEqual(E.right(undefined))
        expect(await write(sink, batchAt(2))).toEqual(E.right(undefined))
        expect(await connect(newSink())).toEqual(E.right(batchAt(2).progress))
        await expectRevisions(1, 2)
      })

    test('a batch without records moves the progress', async () => {
      const sink = newSink()
      await connected(sink)
      expect(await write(sink, { records: [], progress: { generation: 'g2', revision: 4 } })).toEqual(
        E.right(undefined),
      )
      expect(await connect(newSink())).toEqual(E.right({ generation: 'g2', revision: 4 }))
    })

    test('a batch with a row of an unknown schema is refused as a whole, with the schema, and the sink goes on', async () => {
      const sink = newSink()
      await connected(sink)
      const { records, progress } = batchAt(1)
      const strange = records.map((record, index) => (index === 1 ? { ...record, schema: 'ffffffffffffffff' } : record))
      expect(await write(sink, { records: strange, ...(progress && { progress }) })).toMatchObject({
        left: { tag: 'Refused', reason: expect.stringContaining('ffffffffffffffff') },
      })
      expect(await write(sink, batchAt(2))).toEqual(E.right(undefined))
      await expectRevisions(2)
    })

    test('writing before connecting is answered with NotConnected and delivers nothing', async () => {
      expect(await write(newSink(), batchAt(1))).toMatchObject({ left: { tag: 'NotConnected' } })
      await expectRevisions()
    })

    test('a sink can be closed before it was connected, and twice', async () => {
      const sink = newSink()
      await sink.close()
      await connected(sink)
      await sink.close()
      await sink.close()
      expect(await write(sink, batchAt(1))).toMatchObject({ left: { tag: 'NotConnected' } })
    })
  })
}
