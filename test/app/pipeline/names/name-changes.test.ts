import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NameChange } from '../../../../src/contract/name-codec.js'
import {
  NameChanges,
  namePrefixes,
  nameStatementOf,
  type NameStatement,
} from '../../../../src/app/pipeline/names/name-changes.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { lawRuns } from '../../../support/law-runs.js'
import { BEGIN, anyNameSteps, namesAfter, take, TENANT, type NameStep } from '../../../support/name-log.js'

const statementsIn = async (raw: EventLog): Promise<readonly NameStatement[]> => {
  const statements: NameStatement[] = []
  for await (const batch of raw.readAll({ prefixes: namePrefixes(TENANT) }))
    statements.push(...batch.flatMap((event) => nameStatementOf(event) ?? []))
  return statements
}

const logOf = async (steps: readonly NameStep[]): Promise<EventLog> => {
  const raw = memoryLog()
  for (const [at, step] of steps.entries()) await take(raw, step, at)
  return raw
}

const folded = (statements: readonly NameStatement[], changes = new NameChanges(TENANT)): readonly NameChange[] =>
  statements.flatMap((statement) => changes.apply(statement) ?? [])

/** The latest state by key, as a compacted topic keeps it. */
const latest = (changes: readonly NameChange[]): Readonly<Record<string, string>> => {
  const names = new Map<string, string>()
  for (const { kind, id, name } of changes) {
    if (name === null) names.delete(`${kind}/${id}`)
    else names.set(`${kind}/${id}`, name.name)
  }
  return Object.fromEntries(names)
}

test('law: the latest change of each object says what it is called; deleted and erased ones are not there', async () => {
  await fc.assert(
    fc.asyncProperty(anyNameSteps, async (steps) => {
      const raw = await logOf(steps)
      expect(latest(folded(await statementsIn(raw)))).toEqual(namesAfter(steps))
    }),
    lawRuns(200),
  )
})

test('law: changes that were published while things were erased, and those behind them after a restart, have the same latest state', async () => {
  await fc.assert(
    fc.asyncProperty(anyNameSteps, fc.nat(), async (steps, cut) => {
      const before = cut % (steps.length + 1)
      const raw = memoryLog()
      for (const [at, step] of steps.slice(0, before).entries()) await take(raw, step, at)
      const seen = await statementsIn(raw)
      const through = seen.at(-1)?.position
      for (const [at, step] of steps.slice(before).entries()) await take(raw, step, before + at)
      const statements = await statementsIn(raw)
      const restarted = new NameChanges(TENANT)
      const behind = statements.flatMap((statement) => {
        const change = restarted.apply(statement)
        return change === undefined || (through !== undefined && statement.position <= through) ? [] : [change]
      })
      expect(latest([...folded(seen), ...behind])).toEqual(namesAfter(steps))
    }),
    lawRuns(200),
  )
})

test('law: an object and a revision have the same content whenever they are read, and no change comes twice', async () => {
  await fc.assert(
    fc.asyncProperty(anyNameSteps, fc.nat(), async (steps, cut) => {
      const kept = steps.filter(({ what }) => what !== 'erased')
      const statements = await statementsIn(await logOf(kept))
      const changes = folded(statements)
      const again = new NameChanges(TENANT)
      const at = cut % (statements.length + 1)
      expect([...folded(statements.slice(0, at), again), ...folded(statements.slice(at), again)]).toEqual(changes)
      const ids = changes.map(({ kind, id, change }) => `${kind}/${id}/${change}`)
      expect(new Set(ids).size).toBe(ids.length)
    }),
    lawRuns(100),
  )
})

test('a statement that repeats the name in force is no change; a new name tells since when', async () => {
  const queue = { kind: 'queue', id: '1' } as const
  const raw = await logOf([
    { what: 'configured', ...queue, name: 'Sales' },
    { what: 'named', ...queue, name: 'Sales' },
    { what: 'configured', ...queue, name: 'Service' },
    { what: 'gone', ...queue, name: '' },
    { what: 'back', ...queue, name: '' },
  ])
  const of = { tenant: TENANT, ...queue }
  expect(folded(await statementsIn(raw))).toEqual([
    { ...of, change: 0, name: { ...of, name: 'Sales', since: BEGIN + 0, revision: 0 } },
    { ...of, change: 2, name: { ...of, name: 'Service', since: BEGIN + 2, revision: 2 } },
    { ...of, change: 3, name: null },
    { ...of, change: 4, name: { ...of, name: 'Service', since: BEGIN + 4, revision: 4 } },
  ])
})

test('what a server still returns of an erased stream is not published', async () => {
  const [named] = await statementsIn(await logOf([{ what: 'named', kind: 'user', id: '1', name: 'Ana' }]))
  const note = (
    await statementsIn(
      await logOf([
        { what: 'named', kind: 'user', id: '1', name: 'Ana' },
        { what: 'erased', kind: 'user', id: '1', name: '' },
      ]),
    )
  ).at(-1) as NameStatement
  const changes = new NameChanges(TENANT)
  changes.forget(note)
  expect([changes.apply(named as NameStatement), changes.apply(note)]).toEqual([
    undefined,
    { tenant: TENANT, kind: 'user', id: '1', change: 'erased', name: null },
  ])
})
