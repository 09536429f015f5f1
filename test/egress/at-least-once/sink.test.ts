import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { atLeastOnceSink, type AtLeastOnceOptions } from '../../../src/egress/at-least-once/sink.js'
import { recordIdentity } from '../../../src/egress/record-identity.js'
import { failureText } from '../../../src/egress/sink.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { connect, write } from '../../contracts/sink.contract.js'
import { batchAt } from '../batches.js'
import { memoryDelivery, memoryProgress } from './memory-delivery.js'

const served = () => {
  const place = memoryDelivery()
  const progress = memoryProgress()
  const sink = (options: Partial<AtLeastOnceOptions> = {}) =>
    atLeastOnceSink({ name: 'queue', destination: place.destination(), progress, everyMs: 0, ...options })
  return { place, progress, sink }
}
const lost = { tag: 'NotConnected', cause: new Error('the socket was closed') } as const

test('says that it delivers at least once', () => {
  expect(served().sink().delivery?.()).toBe('at-least-once')
})

test('records of a delivery that failed half-way come again with the same identity', async () => {
  const { place, sink } = served()
  const queue = sink()
  await connect(queue)
  place.failWith(lost)
  expect(await write(queue, batchAt(1))).toEqual(E.left(lost))
  expect(await connect(queue)).toEqual(E.right(undefined))
  expect(await write(queue, batchAt(1))).toEqual(E.right(undefined))
  const identities = place.records.map(recordIdentity)
  expect(identities).toEqual([identities[1], ...batchAt(1).records.map(recordIdentity)])
})

test('a batch that is refused leaves the sink connected and the progress where it was', async () => {
  const { place, sink } = served()
  const queue = sink()
  await connect(queue)
  place.failWith({ tag: 'Refused', reason: 'too large' })
  expect(await write(queue, batchAt(1))).toMatchObject({ left: { tag: 'Refused' } })
  expect(await write(queue, batchAt(2))).toEqual(E.right(undefined))
  expect(place.opened()).toBe(1)
})

test('a destination that cannot be opened is told, and claims nothing', async () => {
  const { place, progress, sink } = served()
  const destination = { ...place.destination(), open: () => async () => E.left(lost) }
  expect(await connect(sink({ destination }))).toEqual(E.left(lost))
  expect((await progress.last()).revision).toBe(-1)
})

test('what a destination throws is told as not connected', async () => {
  const { place, sink } = served()
  const destination = { ...place.destination(), deliver: () => () => Promise.reject(lost.cause) }
  const queue = sink({ destination })
  await connect(queue)
  expect(await write(queue, batchAt(1))).toEqual(E.left(lost))
})

test('progress is stored no more often than asked for, and the rest of it when the sink closes', async () => {
  const { progress, sink } = served()
  const queue = sink({ everyMs: 3_600_000 })
  await connect(queue)
  for (const n of [1, 2, 3]) await write(queue, batchAt(n))
  expect((await progress.last()).entry?.progress).toEqual(batchAt(1).progress)
  await queue.close()
  expect((await progress.last()).entry?.progress).toEqual(batchAt(3).progress)
})

test('progress that waited is stored when a delivery fails, so that what was delivered before does not come again', async () => {
  const { place, sink } = served()
  const queue = sink({ everyMs: 3_600_000 })
  await connect(queue)
  for (const n of [1, 2]) await write(queue, batchAt(n))
  place.failWith(lost)
  expect(await write(queue, batchAt(3))).toEqual(E.left(lost))
  expect(await connect(queue)).toEqual(E.right(batchAt(2).progress))
})

test('progress that waited is stored before a sink that connects again reads it', async () => {
  const { sink } = served()
  const queue = sink({ everyMs: 3_600_000 })
  await connect(queue)
  for (const n of [1, 2]) await write(queue, batchAt(n))
  expect(await connect(queue)).toEqual(E.right(batchAt(2).progress))
})

test('an append of unknown outcome that was stored does not make the sink take itself for superseded', async () => {
  const { progress, sink } = served()
  let isCut = false
  const cut: typeof progress = {
    last: progress.last,
    append: async (expected, entry) => {
      const appended = await progress.append(expected, entry)
      if (isCut) throw new Error('the answer was lost')
      return appended
    },
  }
  const queue = sink({ progress: cut })
  await connect(queue)
  isCut = true
  expect(await write(queue, batchAt(1))).toMatchObject({ left: { tag: 'NotConnected' } })
  isCut = false
  expect(await connect(queue)).toEqual(E.right(batchAt(1).progress))
  expect(await write(queue, batchAt(2))).toEqual(E.right(undefined))
})

test('the progress of another destination is refused with what to do, until it is accepted', async () => {
  const { place, sink } = served()
  const queue = sink()
  await connect(queue)
  await write(queue, batchAt(1))
  await queue.close()
  const moved = sink({ destination: place.destination('elsewhere') })
  const refused = await connect(moved)
  expect(E.isLeft(refused) && failureText(refused.left)).toMatch(
    /sink queue is that of memory, and it now goes to elsewhere.*egress accept other-destination/,
  )
  const accepting = sink({ destination: place.destination('elsewhere'), acceptProgress: ['other-destination'] })
  expect(await connect(accepting)).toEqual(E.right(batchAt(1).progress))
  await accepting.close()
  expect(await connect(sink({ destination: place.destination('elsewhere') }))).toEqual(E.right(batchAt(1).progress))
})

test('sinks of other names keep progress of their own', async () => {
  const log = memoryLog()
  const { place } = served()
  const sinkNamed = (name: string) =>
    atLeastOnceSink({ name, destination: place.destination(), progress: memoryProgress(log, name), everyMs: 0 })
  const one = sinkNamed('one')
  await connect(one)
  await write(one, batchAt(1))
  expect(await connect(sinkNamed('two'))).toEqual(E.right(undefined))
  expect(await one.stillOwner?.(new AbortController().signal)()).toEqual(E.right(undefined))
})
