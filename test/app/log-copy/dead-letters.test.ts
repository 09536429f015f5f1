import { describe, expect, test } from 'vitest'
import { deadLetters } from '../../../src/app/operations/dead-letters.js'
import { erase } from '../../../src/app/operations/erase.js'
import type { Logs } from '../../../src/app/pipeline/logs/logs.js'
import { runLiveProjector } from '../../../src/app/pipeline/projector/projector-stage.js'
import { DAY_MS, HOUR_MS } from '../../../src/domain/interval.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import type { LateStretch } from '../../../src/ingress/dead-letter.js'
import { take, tickTo } from '../../support/pipeline.js'
import {
  FROM,
  T,
  allOf,
  copied,
  copiedInto,
  deadLettersOf,
  embedded,
  junk,
  lines,
  live,
  memoryParts,
  morning,
  onServer,
  streamOf,
} from './fixtures.js'

test('a copy to a server stores one dead letter for an input that two projectors refused, and a copy back keeps it in the raw part', async () => {
  const source = memoryParts()
  const letter = (id: string, at: string) => ({
    id: `00000000-0000-4000-8000-0000000000${id}`,
    ...{
      type: 'DeadLettered',
      data: Buffer.from('{}'),
      metadata: Buffer.from(JSON.stringify({ reason: 'r', stage: 'projector', receivedAt: at })),
    },
  })
  await morning(source)
  for (const [generation, ids] of [
    ['g1', ['01', '02']],
    ['g2', ['02', '03']],
  ] as const)
    await (
      await source.kpi(generation, 'writer')
    ).append([{ stream: 't.deadletter', expected: 'any', events: ids.map((id) => letter(id, generation)) }])
  const [{ logs: there }, back, parts] = [await onServer(), await embedded(), memoryParts()]
  expect(await copied(source, there)).toMatchObject({ differences: [] })
  expect(await copied(there, back)).toMatchObject({ differences: [] })
  const ids = [...new Set(await deadLettersOf(source))]
  expect(ids).toHaveLength(junk.length + 3)
  expect(await deadLettersOf(there)).toEqual(ids)
  expect(await deadLettersOf(back)).toEqual(ids)
  expect(await streamOf(await back.raw('reader'), 't.deadletter')).toHaveLength(ids.length)
  expect(await copied(source, parts)).toMatchObject({ differences: [] })
  expect(await deadLettersOf(parts)).toEqual(await deadLettersOf(source))
}, 60_000)

describe('what is told of events behind the late horizon', () => {
  const projectedLate = async (logs: Logs): Promise<void> => {
    const profile = { ...defaultProfile, lateHorizonMs: HOUR_MS }
    await runLiveProjector({ ...live(logs, 40), profile, raw: await logs.raw('reader') })
  }
  const lateMorning = async (logs: Logs): Promise<void> => {
    await tickTo(await logs.raw('writer'), T, FROM + 2 * DAY_MS)
    await projectedLate(logs)
    await take(await logs.raw('writer'), T, lines.slice(0, 200))
    await projectedLate(logs)
  }
  const stretchesIn = async (logs: Logs): Promise<readonly LateStretch[]> => {
    const found: LateStretch[] = []
    for await (const { note } of deadLetters(logs, T)) if (note.stretch !== undefined) found.push(note.stretch)
    return found.sort((a, b) => (a.topic < b.topic ? -1 : 1))
  }
  /** The stretches, with the events at their positions. */
  const toldIn = async (logs: Logs) => {
    const at = new Map((await allOf(await logs.raw('reader'))).map(({ id, position }) => [String(position), id]))
    return (await stretchesIn(logs)).map(({ first, last, ...rest }) => ({
      ...{ ...rest, first: at.get(first), last: at.get(last) },
    }))
  }

  test('names the same events in a copy, and is counted on there as in the source', async () => {
    const [source, { logs: server }] = [await embedded(), await onServer()]
    await lateMorning(source)
    for (const [from, to] of [
      [source, server],
      [server, await embedded()],
    ] as const) {
      expect(await copied(from, to)).toMatchObject({ kind: 'copied', differences: [] })
      const told = await toldIn(from)
      expect(told.length).toBeGreaterThan(2)
      for (const { first, last } of told) expect([first, last]).not.toContain(undefined)
      expect(await toldIn(to)).toEqual(told)
      expect(await copied(from, to)).toMatchObject({ copied: { events: 0 }, differences: [] })
    }
    expect((await stretchesIn(server)).map(({ last }) => last)).not.toEqual(
      (await stretchesIn(source)).map(({ last }) => last),
    )
    for (const logs of [source, server]) {
      await take(await logs.raw('writer'), T, lines.slice(200, 300))
      await projectedLate(logs)
    }
    expect(await toldIn(server)).toEqual(await toldIn(source))
  }, 60_000)

  test('is no difference after an event that it names was erased', async () => {
    const [source, target] = [memoryParts(), await embedded()]
    await lateMorning(source)
    await copiedInto(source, target)
    const raw = await source.raw('writer')
    const named = new Set((await stretchesIn(source)).flatMap(({ first, last }) => [first, last]))
    const { stream } = (await allOf(raw)).find(({ position }) => named.has(String(position))) as { stream: string }
    const entityId = stream.slice(stream.indexOf('-') + 1)
    const done = { raw, tenant: T, stream, entityId, dryRun: false, now: () => FROM }
    await erase({ ...done, deadLetters: () => deadLetters(source, T) })
    await (await target.raw('writer')).erase(stream)
    expect(await copied(source, target)).toMatchObject({ kind: 'copied', differences: [] })
    expect((await stretchesIn(target)).map(({ count }) => count)).toEqual(
      (await stretchesIn(source)).map(({ count }) => count),
    )
  }, 60_000)
})

test('a copy leaves out what buckets found: it holds positions of the source, and is found again', async () => {
  const [{ logs: source }, target] = [await onServer(), await embedded()]
  await morning(source)
  const id = '00000000-0000-4000-8000-000000000001'
  const points = { id, type: 'Points', data: Buffer.from('x'), metadata: Buffer.from('{"after":null,"through":"9"}') }
  const raw = await source.raw('writer')
  await raw.append([{ stream: `${T}.points-g1-00`, expected: 'no-stream', events: [points] }])
  expect(await copied(source, target)).toMatchObject({ kind: 'copied', differences: [] })
  expect(await streamOf(await target.raw('reader'), `${T}.points-g1-00`)).toEqual([])
}, 60_000)
