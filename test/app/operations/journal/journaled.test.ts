import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { journaled, OperationNotRecorded, recordOperation } from '../../../../src/app/operations/journal/journaled.js'
import type { Operation } from '../../../../src/app/operations/journal/operation.js'
import { readOperations } from '../../../../src/app/operations/journal/read-operations.js'
import { embeddedLogs, singleLog, type Logs } from '../../../../src/app/pipeline/logs/logs.js'
import { operationsStream } from '../../../../src/domain/stream-name.js'
import { openEmbeddedLog } from '../../../../src/log/embedded/log.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { failingAppend } from '../../../support/failing-log.js'
import { lawRuns } from '../../../support/law-runs.js'
import { Crash, Life } from '../../../support/mortal.js'

const rebuild: Operation = { tenant: 't', operation: 'rebuild', by: 'ana', why: 'a new profile', via: 'cli' }

const newLog = (): EventLog => {
  const log = memoryLog()
  onTestFinished(() => log.close())
  return log
}

const folderLogs = (): Readonly<{ data: string; logs: Logs }> => {
  const data = mkdtempSync(join(tmpdir(), 'streamvane-journal-'))
  const logs = embeddedLogs(data, 'test')
  onTestFinished(async () => {
    await logs.close()
    rmSync(data, { recursive: true, force: true })
  })
  return { data, logs }
}

describe('an operation is recorded', () => {
  test('with who, what, when, why and what came of it', async () => {
    const log = newLog()
    let clock = Date.parse('2026-01-05T08:00:00Z')
    const details = { from: '2026-01-05', families: ['queue'] }
    const answer = await journaled(
      singleLog(log),
      { ...rebuild, details },
      (note) => {
        clock += 90_000
        note({ summary: { rows: 7 } })
        return Promise.resolve('g2')
      },
      { now: () => clock, newId: () => 'one' },
    )
    expect(answer).toBe('g2')
    expect(await readOperations(log, 't')).toEqual([
      {
        ...{ id: 'one', operation: 'rebuild', by: 'ana', why: 'a new profile', via: 'cli', details },
        ...{ began: '2026-01-05T08:00:00.000Z', ended: '2026-01-05T08:01:30.000Z' },
        ...{ result: 'done', summary: { rows: 7 }, process: expect.objectContaining({ pid: process.pid }) as unknown },
      },
    ])
  })

  test('as failed, stopped or refused where its work throws, and the error goes on', async () => {
    const log = newLog()
    const named = (name: string): Error => Object.assign(new Error(`${name} happened`), { name })
    for (const name of ['TypeError', 'AbortError', 'ClockRefused'])
      await expect(journaled(singleLog(log), rebuild, () => Promise.reject(named(name)))).rejects.toThrow(name)
    expect((await readOperations(log, 't')).map(({ result, summary }) => [result, summary])).toEqual([
      ['failed', { error: 'TypeError happened' }],
      ['stopped', { error: 'AbortError happened' }],
      ['refused', { error: 'ClockRefused happened' }],
    ])
  })

  test('in one append where it is over already', async () => {
    const log = newLog()
    await recordOperation(singleLog(log), { ...rebuild, operation: 'GET /v1/rows', via: 'api' }, { result: 'refused' })
    expect(await readOperations(log, 't')).toMatchObject([{ operation: 'GET /v1/rows', via: 'api', result: 'refused' }])
  })

  test('without secrets, and without long input', async () => {
    const log = newLog()
    const details = {
      ...{ token: 'tok-1', nested: { clientSecret: 's3cret', apiKey: 'k' }, password: 'p' },
      ...{ registry: 'https://user:pass@registry:8081/x', text: 'x'.repeat(100_000), hasToken: true },
      ids: Array.from({ length: 10_000 }, (_, index) => index),
    }
    await journaled(singleLog(log), { ...rebuild, details }, (note) => {
      note({ summary: { authorization: 'Bearer abc' } })
      return Promise.resolve()
    })
    const [operation] = await readOperations(log, 't')
    const written = JSON.stringify(operation)
    for (const secret of ['tok-1', 's3cret', '"k"', '"p"', 'user:pass', 'Bearer']) expect(written).not.toContain(secret)
    expect(operation?.details).toMatchObject({ registry: 'https://***@registry:8081/x', hasToken: true })
    expect(written.length).toBeLessThan(5_000)
  })
})

describe('an operation that cannot be recorded', () => {
  test('is not begun while another process holds the control part', { timeout: 20_000 }, async () => {
    const { data, logs } = folderLogs()
    const holder = await openEmbeddedLog({ dir: join(data, 'log', 'control'), mode: 'writer', owner: 'another' })
    onTestFinished(() => holder.close())
    let begun = false
    const work = () => ((begun = true), Promise.resolve())
    await expect(journaled(logs, rebuild, work)).rejects.toThrow(
      /^rebuild was not begun and nothing was changed.*another/,
    )
    expect(begun).toBe(false)
  })

  test('is not begun where the log answers that it is away', async () => {
    const log = failingAppend(newLog(), 1, { tag: 'NotAvailable', cause: new Error('no route') })
    let begun = false
    const work = () => ((begun = true), Promise.resolve())
    await expect(journaled(singleLog(log), rebuild, work)).rejects.toThrow(OperationNotRecorded)
    expect(begun).toBe(false)
  })

  test('keeps its outcome where only its end cannot be recorded, and says so', async () => {
    const log = failingAppend(newLog(), 2, { tag: 'NotAvailable', cause: new Error('no route') })
    const untold: unknown[] = []
    const onUnrecordedEnd = (cause: unknown): void => void untold.push(cause)
    expect(await journaled(singleLog(log), rebuild, () => Promise.resolve(7), { onUnrecordedEnd })).toBe(7)
    expect(untold).toHaveLength(1)
    const [operation] = await readOperations(log, 't')
    expect(operation?.result).toBe('running')
  })
})

test('an operation without an end is unknown once its process is gone', async () => {
  const log = newLog()
  const life = new Life(2, 'before')
  await journaled(singleLog(life.log(log)), rebuild, () => Promise.resolve())
  expect(await readOperations(log, 't', {}, () => 'alive')).toMatchObject([{ result: 'running' }])
  expect(await readOperations(log, 't', {}, () => 'gone')).toMatchObject([{ result: 'unknown' }])
  expect(await readOperations(log, 't', { result: 'unknown' }, () => 'unknown')).toHaveLength(1)
})

test('operations are filtered by name, group, operator, result and time', async () => {
  const log = newLog()
  const at = (hour: number) => ({ now: () => Date.parse(`2026-01-05T${String(hour).padStart(2, '0')}:00:00Z`) })
  const run = (operation: string, by: string, hour: number) =>
    journaled(singleLog(log), { ...rebuild, operation, by }, () => Promise.resolve(), at(hour))
  await run('clock tick', 'ana', 8)
  await run('clock take-back', 'ben', 9)
  await run('clockwork', 'ana', 10)
  const names = async (filter: object) => (await readOperations(log, 't', filter)).map(({ operation }) => operation)
  expect(await names({ operation: 'clock' })).toEqual(['clock tick', 'clock take-back'])
  expect(await names({ operation: 'clock tick' })).toEqual(['clock tick'])
  expect(await names({ by: 'ana' })).toEqual(['clock tick', 'clockwork'])
  expect(await names({ result: 'failed' })).toEqual([])
  expect(await names({ from: at(9).now(), to: at(10).now() })).toEqual(['clock take-back'])
})

test('whenever processes die, work was begun only where it is recorded, and each operation ends at most once', async () => {
  const life = fc.record({ writes: fc.integer({ min: 1, max: 9 }), when: fc.constantFrom('before', 'after') })
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 6 }), async (lives) => {
      const log = memoryLog()
      const [begun, ended] = [[] as string[], [] as string[]]
      for (const [nth, { writes, when }] of lives.entries()) {
        const mortal = new Life(writes, when)
        const logs = singleLog(mortal.log(log))
        for (let n = 0; !mortal.isOver; n++) {
          const id = `${nth}-${n}`
          try {
            await journaled(logs, rebuild, () => (begun.push(id), Promise.resolve()), { newId: () => id })
            if (!mortal.isOver) ended.push(id)
          } catch (cause) {
            expect(cause).toBeInstanceOf(OperationNotRecorded)
            expect((cause as Error).cause).toBeInstanceOf(Crash)
          }
        }
      }
      const operations = await readOperations(log, 't', {}, () => 'gone')
      const known = operations.map(({ id }) => id)
      expect(known).toEqual(expect.arrayContaining(begun))
      const done = operations.flatMap(({ id, result }) => (result === 'done' ? [id] : []))
      expect(done).toEqual(expect.arrayContaining(ended))
      const types: string[] = []
      for await (const batch of log.readStream(operationsStream('t'))) for (const { type } of batch) types.push(type)
      expect(types.filter((type) => type === 'OperationBegan')).toHaveLength(known.length)
      expect(types.filter((type) => type === 'OperationEnded')).toHaveLength(done.length)
      await log.close()
    }),
    lawRuns(50),
  )
})
