import { expect, test } from 'vitest'
import { junk, embedded, memoryParts, onServer, morning, copied, streamOf, deadLettersOf } from './fixtures.js'

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
