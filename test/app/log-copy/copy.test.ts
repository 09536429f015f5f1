import { expect, test } from 'vitest'
import { singleLog, type Logs } from '../../../src/app/pipeline/logs/logs.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { answers } from '../../support/answers.js'
import { take } from '../../support/pipeline.js'
import {
  T,
  lines,
  embedded,
  memoryParts,
  onServer,
  projected,
  morning,
  goneOn,
  copied,
  copiedInto,
  streamOf,
  rowText,
  rowsOf,
  rowEvents,
  deadLettersOf,
  rawOf,
  published,
} from './fixtures.js'

test('copying embedded → server → embedded keeps all rows, and projector and egress resume in each copy as in the original', async () => {
  const first = await embedded()
  await morning(first)
  const { logs: second } = await onServer()
  const third = await embedded()
  const there = await copied(first, second)
  expect(there).toMatchObject({ kind: 'copied', differences: [], sourceGrew: false, before: { events: 0 } })
  const back = await copiedInto(second, third)
  expect(back).toMatchObject({ kind: 'copied', differences: [], sourceGrew: false })
  for (const { digests } of [there, back]) for (const { source, target } of digests) expect(source).toBe(target)
  expect(there.digests.map(({ what }) => what)).toEqual([
    'raw',
    't.kpi-g1',
    't.kpi-g2',
    't.generations',
    'dead letters',
  ])
  // What does not depend on positions has the same digest wherever it lies.
  expect(back.digests.map(({ what, target }) => [what, target])).toEqual(
    there.digests.map(({ what, target }) => [what, target]),
  )

  const before = await published(first)
  expect(before.records.length).toBeGreaterThan(100)
  for (const copy of [second, third]) {
    expect(await rawOf(copy)).toEqual(await rawOf(first))
    for (const generation of ['g1', 'g2'])
      expect(await rowEvents(copy, generation)).toEqual(await rowEvents(first, generation))
    expect(await deadLettersOf(copy)).toEqual(await deadLettersOf(first))
  }
  await goneOn(first)
  const after = await published(first, before.progress)
  expect(after.records.length).toBeGreaterThan(10)
  for (const copy of [second, third]) {
    await goneOn(copy)
    expect(await rowsOf(copy, 'g1')).toEqual(await rowsOf(first, 'g1'))
    const rest = await published(copy, before.progress)
    expect(new Set(rest.records).size).toBe(rest.records.length)
    expect(rest.records.filter((record) => before.records.includes(record))).toEqual([])
    expect(rest.records.toSorted()).toEqual(after.records.toSorted())
  }
}, 120_000)

test('a copied row stream equals, event for event, what a projector would have written in the target', async () => {
  const [first, there] = [await embedded(), memoryParts()]
  await morning(first, false)
  await morning(there, false)
  const copy = memoryParts()
  expect(await copied(first, copy)).toMatchObject({ differences: [] })
  for (const generation of ['g1', 'g2']) {
    const [ours, theirs] = await Promise.all(
      [copy, there].map(async (logs) =>
        (await streamOf(await logs.kpi(generation, 'reader'), `t.kpi-${generation}`)).map(rowText),
      ),
    )
    expect(ours).toEqual(theirs)
  }
}, 60_000)

test('a projector that resumes in a copy loses no row where its positions equal earlier positions of the source', async () => {
  const first = await embedded()
  const raw = await first.raw('writer')
  await take(raw, 'another', answers(40))
  await take(raw, T, answers(1))
  expect(await raw.head()).toBe(41n)
  await projected(first)
  const second = await embedded()
  await copiedInto(first, second)
  const more = answers(40, 1)
  for (const logs of [first, second]) {
    await take(await logs.raw('writer'), T, more)
    await projected(logs, 1_000)
  }
  expect(await (await second.raw('reader')).head()).toBe(41n)
  expect(await rowsOf(second, 'g1')).toEqual(await rowsOf(first, 'g1'))
})

test('a source that grows during the copy is copied through its head at the start, and the next run copies the rest', async () => {
  const [source, target] = [await embedded(), await embedded()]
  await morning(source)
  const raw = await source.raw('writer')
  let growth: Promise<unknown> | undefined
  const whileItGrows: Logs = {
    ...target,
    raw: async (mode) => {
      const log = await target.raw(mode)
      return {
        ...log,
        append: async (appends) => {
          await (growth ??= take(raw, T, lines.slice(-20, -10)))
          return log.append(appends)
        },
      }
    },
  }
  const first = await copied(source, whileItGrows)
  expect(first).toMatchObject({ kind: 'copied', differences: [], sourceGrew: true })
  await goneOn(source)
  const second = await copied(source, target)
  expect(second).toMatchObject({ kind: 'copied', differences: [], sourceGrew: false })
  expect(second.before).toEqual(first.copied)
  expect(second.copied.events).toBeGreaterThan(20)
  expect(await rawOf(target)).toEqual(await rawOf(source))
  expect(await rowEvents(target, 'g1')).toEqual(await rowEvents(source, 'g1'))
  expect(await copied(source, target)).toMatchObject({ copied: { streams: 0, events: 0, bytes: 0 }, differences: [] })
}, 60_000)

test('a dry run of a copy counts the events that a run then copies, and writes nothing', async () => {
  const [source, log] = [memoryParts(), memoryLog()]
  await morning(source)
  const dry = await copied(source, singleLog(log), { dryRun: true })
  expect(await log.head()).toBeUndefined()
  const wet = await copied(source, singleLog(log))
  expect(dry).toMatchObject({ kind: 'would copy', copied: { streams: 30, events: wet.copied.events } })
  expect(wet.copied.streams).toBe(dry.copied.streams + 1) // the dead letters, of which a dry run sees no revision
})
