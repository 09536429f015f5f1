import fc from 'fast-check'
import { expect, test } from 'vitest'
import { configurationIn } from '../../../../src/app/pipeline/projector/known-at-start.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { anyNameSteps, take, TENANT } from '../../../support/name-log.js'

const reading = (raw: EventLog): Parameters<typeof configurationIn>[0] => ({ raw, tenant: TENANT })

const positionsOf = async (found: ReturnType<typeof configurationIn>): Promise<readonly bigint[]> => {
  const positions: bigint[] = []
  for await (const { position } of found) positions.push(position)
  return positions
}

/** A log of which reading everything is a failure. */
const streamsAlone = (log: EventLog): EventLog => ({
  ...log,
  readAll: () => {
    throw new Error('the whole log was asked for')
  },
  readStreams: (prefixes) => log.readAll({ prefixes }),
})

/** A log that gives the streams one behind the other, as an embedded log does. */
const streamByStream = (log: EventLog): EventLog => ({
  ...log,
  readStreams: async function* (prefixes) {
    const streams = new Map<string, unknown[]>()
    for await (const batch of log.readAll({ prefixes }))
      for (const event of batch) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event])
    yield* streams.values() as unknown as ReturnType<EventLog['readStreams']>
  },
})

test('the configuration comes in the order of the log, whatever the order of its streams', async () => {
  await fc.assert(
    fc.asyncProperty(anyNameSteps, async (steps) => {
      const log = memoryLog()
      for (const [number, step] of steps.entries()) await take(log, step, number)
      const inTheirOrder = await positionsOf(configurationIn(reading(streamByStream(log))))
      const all = []
      for await (const batch of log.readAll({ prefixes: [`${TENANT}.config-`] })) all.push(...batch)
      expect(inTheirOrder).toEqual(all.map(({ position }) => position))
    }),
  )
})

test('what is known at the start is found without reading the events that lie between', async () => {
  const log = memoryLog()
  await take(log, { what: 'named', kind: 'queue', id: '1', name: 'Sales' }, 0)
  await take(log, { what: 'named', kind: 'user', id: '2', name: 'Ana' }, 1)
  expect(await positionsOf(configurationIn(reading(streamsAlone(log))))).toHaveLength(2)
})

test('behind a position only what comes later is read', async () => {
  const log = memoryLog()
  for (const number of [0, 1, 2]) await take(log, { what: 'named', kind: 'queue', id: '1', name: `${number}` }, number)
  const [first, ...later] = await positionsOf(configurationIn(reading(log)))
  expect(await positionsOf(configurationIn(reading(log), first))).toEqual(later)
})
