import { describe, expect, test } from 'vitest'
import { deadLetters } from '../../../src/app/operations/dead-letters.js'
import { erase } from '../../../src/app/operations/erase.js'
import { runLiveProjector } from '../../../src/app/pipeline/projector/projector-stage.js'
import { type Logs } from '../../../src/app/pipeline/logs/logs.js'
import type { RecordedEvent } from '../../../src/log/event-log.js'
import { take } from '../../support/pipeline.js'
import {
  FROM,
  T,
  lines,
  embedded,
  memoryParts,
  onServer,
  live,
  rebuilt,
  morning,
  copied,
  allOf,
  rowsOf,
  rawOf,
} from './fixtures.js'

test('a copy does not restore events that were erased on a server and not scavenged yet', async () => {
  const [source, target] = [await onServer(), await embedded()]
  await morning(source.logs)
  const log = await source.logs.raw('reader')
  const erased = (await allOf(log)).find(({ stream }) => stream.includes('.user-'))?.stream ?? ''
  await source.server.data.tombstone(erased)
  expect((await allOf(log)).some(({ stream }) => stream === erased)).toBe(true)
  expect(await copied(source.logs, target)).toMatchObject({ kind: 'copied', differences: [] })
  const there = await rawOf(target)
  expect(there.some((line) => line.startsWith(erased))).toBe(false)
  expect(there).toEqual((await rawOf(source.logs)).filter((line) => !line.startsWith(`${erased} `)))
}, 60_000)

describe('the note of an erased stream', () => {
  const erasedFrom = async (logs: Logs): Promise<Readonly<{ before: bigint; through: bigint; stream: string }>> => {
    const raw = await logs.raw('writer')
    const users = (await allOf(raw)).filter(({ stream }) => stream.includes('.user-'))
    const { stream } = users.find((event) => event.revision === 3) as RecordedEvent
    const { events } = await erase({
      raw,
      tenant: T,
      stream,
      entityId: stream.slice(stream.indexOf('user-') + 5),
      dryRun: false,
      now: () => FROM,
      deadLetters: () => deadLetters(logs, T),
    })
    expect(events).toBeGreaterThan(3)
    const own = users.filter((event) => event.stream === stream).map(({ position }) => position)
    return { stream, before: own[0] as bigint, through: own.at(-1) as bigint }
  }
  const noteOf = async (logs: Logs): Promise<Readonly<{ from: string; through: string }>> => {
    const note = (await allOf(await logs.raw('reader'))).find(({ type }) => type === 'StreamErased') as RecordedEvent
    return JSON.parse(Buffer.from(note.data).toString()) as { from: string; through: string }
  }
  /** Source position → target position of each raw event. */
  const places = async (from: Logs, to: Logs): Promise<ReadonlyMap<bigint, bigint>> => {
    const raw = async (logs: Logs) =>
      (await allOf(await logs.raw('reader'))).filter(({ stream }) => !/\.(kpi-.*|generations|deadletter)$/.test(stream))
    const [ours, theirs] = [await raw(from), await raw(to)]
    return new Map(ours.map(({ position }, index) => [position, theirs[index]!.position]))
  }
  const behind = (known: ReadonlyMap<bigint, bigint>, position: bigint): string =>
    String([...known].filter(([source]) => source <= position).at(-1)?.[1] ?? 0n)

  test.each([1, 2, 64])(
    'names in the copy the events before the erased ones, so that a projector asks for a rebuild in both logs (%i in flight)',
    async (inFlight) => {
      const [source, target] = [memoryParts(), memoryParts()]
      await morning(source)
      const { before, through } = await erasedFrom(source)
      expect(await copied(source, target, { inFlight })).toMatchObject({ kind: 'copied', differences: [] })
      const known = await places(source, target)
      expect(await noteOf(target)).toMatchObject({ from: behind(known, before), through: behind(known, through) })
      for (const [nth, logs] of [source, target].entries())
        expect(
          await runLiveProjector({ ...live(logs, 40), raw: await logs.raw('reader') }),
          nth === 0 ? 'source' : 'copy',
        ).toMatchObject({
          kind: 'refused',
          reason: expect.stringContaining('streamvane rebuild --promote') as string,
        })
      // A rebuild comes to the same rows in both.
      for (const logs of [source, target]) await rebuilt(logs)
      expect(await rowsOf(target, 'g3')).toEqual(await rowsOf(source, 'g3'))
    },
  )

  test('does not keep a copy from resuming, even if source and target have erased more since', async () => {
    const [source, target] = [memoryParts(), memoryParts()]
    await morning(source)
    await erasedFrom(source)
    expect(await copied(source, target)).toMatchObject({ kind: 'copied', differences: [] })
    const { stream } = await erasedFrom(source)
    await (await target.raw('writer')).erase(stream)
    await take(await source.raw('writer'), T, lines.slice(-20))
    expect(await copied(source, target)).toMatchObject({
      kind: 'copied',
      differences: [],
      copied: { streams: expect.any(Number) as number },
    })
    const [ours, theirs] = await Promise.all(
      [source, target].map(async (logs) => (await rawOf(logs)).filter((line) => !line.includes('StreamErased'))),
    )
    expect(theirs).toEqual(ours)
  })
})
