import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import * as E from 'fp-ts/lib/Either.js'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../../../src/app/config/load.js'
import { eventStoreDbLogs } from '../../../../src/app/pipeline/logs/eventstoredb-logs.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { eventOf, server } from '../../../log/eventstoredb/rig.js'

const logsOn = async () => {
  const on = await server()
  const data = mkdtempSync(join(tmpdir(), 'streamvane-server-logs-'))
  onTestFinished(() => rmSync(data, { recursive: true, force: true }))
  const eventstoredb = { connectionString: on.connectionString, deadlineMs: 1_000 }
  const lines: string[] = []
  let heard = (): void => undefined
  const out = new Writable({
    write: (line: Buffer, _, done) => {
      lines.push(line.toString())
      heard()
      done()
    },
  })
  const said = async (words: string): Promise<void> => {
    while (!lines.some((line) => line.includes(words))) await new Promise<void>((resolve) => (heard = resolve))
  }
  const logs = eventStoreDbLogs(
    loadConfig({ flags: { tenant: 't', data, log: { kind: 'eventstoredb', eventstoredb } } }),
    'test',
    pino(out),
  )
  onTestFinished(() => logs.close())
  return { on, logs, said, lines }
}

const isStored = async (log: EventLog, text: string): Promise<boolean> =>
  E.isRight((await log.append([{ stream: 't.00.a', expected: 'any', events: [eventOf(text)] }]))[0]!)

test('a process that only appends reports since when its server is out of reach, once, and that it is back', async () => {
  const { on, logs, lines } = await logsOn()
  const raw = await logs.raw('writer')
  expect(await isStored(raw, 'one')).toBe(true)
  expect(logs.health()).toEqual({ kind: 'well' })
  on.away()
  const before = Date.now()
  expect(await isStored(raw, 'two')).toBe(false)
  const first = logs.health()
  expect(first).toMatchObject({ kind: 'broken', reads: [] })
  expect(Date.parse((first as { since: string }).since)).toBeGreaterThanOrEqual(before)
  expect(await isStored(raw, 'two')).toBe(false)
  expect(logs.health()).toEqual(first)
  await on.back()
  while (!(await isStored(raw, 'two'))) expect(logs.health()).toEqual(first)
  expect(logs.health()).toEqual({ kind: 'well' })
  const told = lines.map((line) => (JSON.parse(line) as { msg: string }).msg).filter((msg) => msg.startsWith('log:'))
  expect(told).toEqual(['log: the server is out of reach, trying again until it is back', 'log: the server is back'])
})

test('an outage is told from its beginning though the subscription that met it has given up', async () => {
  const { on, logs, said } = await logsOn()
  const raw = await logs.raw('reader')
  const follow = () => {
    const stop = new AbortController()
    let caughtUp!: () => void
    const isLive = new Promise<void>((resolve) => (caughtUp = resolve))
    const ended = (async () => {
      for await (const { kind } of raw.subscribe({ prefixes: ['t.'], signal: stop.signal }))
        if (kind === 'caught-up') caughtUp()
    })()
    return { isLive, end: () => (stop.abort(), ended) }
  }
  const one = follow()
  await one.isLive
  on.away()
  await said('the server is out of reach')
  const first = logs.health()
  expect(first).toMatchObject({ kind: 'broken', reads: ['t.'] })
  await one.end()
  expect(logs.health()).toEqual({ ...first, reads: [] })
  await on.back()
  const two = follow()
  await two.isLive
  expect(logs.health()).toEqual({ kind: 'well' })
  await two.end()
})
