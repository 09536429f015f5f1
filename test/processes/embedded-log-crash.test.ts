import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import type { RecordedEvent } from '../../src/log/event-log.js'
import { runChild, scratchDirectory } from '../log/embedded/child-process.js'
import type { Child } from '../log/embedded/child-process.js'
import { EVENTS_A_CALL, STREAMS, numberOf } from '../log/eventstoredb/numbered-calls.js'

/** Reads the whole log as whoever starts next finds it, and checks what must hold of it whenever the writer died. */
const inspect = async (dir: string, acknowledged: ReadonlySet<number>): Promise<number> => {
  const log = await openEmbeddedLog({ dir, mode: 'writer' })
  const events: RecordedEvent[] = []
  for await (const batch of log.readAll()) events.push(...batch)

  expect(new Set(events.map((event) => event.id)).size, 'no event is there twice').toBe(events.length)
  expect(events.every((event, i) => i === 0 || event.position > events[i - 1]!.position)).toBe(true)
  const calls = new Set<number>()
  for (let i = 0; i < STREAMS; i++) {
    const stream: RecordedEvent[] = []
    for await (const batch of log.readStream(`crash.${i}`)) stream.push(...batch)
    expect(stream.map((event) => event.position)).toEqual(
      events.filter((event) => event.stream === `crash.${i}`).map((event) => event.position),
    )
    expect(stream.map((event) => event.revision)).toEqual(stream.map((_, revision) => revision))
    for (let at = 0; at < stream.length; at += EVENTS_A_CALL) {
      const parts = stream.slice(at, at + EVENTS_A_CALL).map((event) => numberOf(event.data))
      expect(parts, 'a call is there whole').toEqual(parts.map((_, part) => ({ n: parts[0]!.n, part })))
      calls.add(parts[0]!.n)
    }
  }
  expect(
    [...acknowledged].filter((n) => !calls.has(n)),
    'acknowledged and lost',
  ).toEqual([])
  await log.close()
  return events.length
}

describe('a writer that is killed during an append', () => {
  test('loses nothing that it acknowledged and stores nothing twice, kill after kill', async () => {
    const kills = fc.array(
      fc.record({ after: fc.integer({ min: 20, max: 200 }), bytes: fc.constantFrom(60, 700, 20_000) }),
      {
        minLength: 4,
        maxLength: 4,
      },
    )
    await fc.assert(
      fc.asyncProperty(kills, async (rounds) => {
        const dir = await scratchDirectory()
        const acknowledged = new Set<number>()
        let stored = 0
        for (const { after, bytes } of rounds) {
          // From the first call not known to be durable: those of them that were are repeats.
          let from = 0
          while (acknowledged.has(from)) from++
          const child = runChild('appender', [dir, `${from}`, `${bytes}`])
          for (let i = 0; i < after; i++) await child.said('acknowledged ')
          await child.kill9()
          for (const n of acknowledgedBy(child)) acknowledged.add(n)
          const now = await inspect(dir, acknowledged)
          expect(now).toBeGreaterThanOrEqual(EVENTS_A_CALL * acknowledged.size)
          expect(now).toBeGreaterThan(stored)
          stored = now
        }
      }),
      { numRuns: 1 },
    )
  }, 120_000)
})

describe('a full disk', () => {
  test('is NotAvailable and prints nothing; with room again the writer goes on and has lost nothing', async () => {
    const dir = await scratchDirectory()
    // A limit on the size of files stands for a full disk: the write fails half-way through a commit.
    const child = runChild('appender', [dir, '0', '5000'], `trap '' XFSZ; ulimit -S -f 3000; `)
    expect(await child.said('unavailable ')).toMatch(/^NotAvailable .+/)
    const before = acknowledgedBy(child)
    expect(before.size).toBeGreaterThan(0)
    execFileSync('prlimit', ['--pid', `${child.pid}`, '--fsize=unlimited:'])
    child.tell('try again')
    for (let i = 0; i < 50; i++) await child.said('acknowledged ')
    await child.kill9()
    const after = acknowledgedBy(child)
    expect(after.size).toBeGreaterThanOrEqual(before.size + 50)
    await inspect(dir, after)
    expect(child.stderr()).toBe('')
  }, 60_000)
})

const acknowledgedBy = ({ lines }: Child): ReadonlySet<number> =>
  new Set(lines.filter((line) => /^acknowledged \d+$/.test(line)).map((line) => Number(line.split(' ')[1])))
