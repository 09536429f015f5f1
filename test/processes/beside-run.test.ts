import { statSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deadLetterStream } from '../../src/domain/stream-name.js'
import { deadLetter } from '../../src/ingress/dead-letter.js'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { queueAnswers } from '../../src/simulator/answers/queue-answers.js'
import { simulate } from '../../src/simulator/simulate.js'
import { ingressOf, jsonLines, post, running, scratchFolder, streamvane } from '../support/streamvane.js'

type RowLine = Readonly<{ queueId: string; serviceTarget?: number; status: string }>

const FROM = Date.UTC(2026, 0, 5, 6)

/** A morning whose first half is posted to a running `run`. `before` sees the data folder before it is started. */
const started = async (before: (data: string) => Promise<void> = () => Promise.resolve()) => {
  const dir = await scratchFolder()
  const data = join(dir, 'data')
  await before(data)
  const env = { STREAMVANE_DATA: data, STREAMVANE_OPERATOR: 'jane' }
  const simulation = simulate({ seed: 4, fromMs: FROM, hours: 2, queues: 2, agents: 8 })
  const lines = [...simulation].map(({ line }) => line)
  const process = running(['run', '--port', '0', '--clock', 'event-time', '--log-level', 'debug'], env)
  const url = await ingressOf(process)
  return {
    ...{ dir, data, process, url, lines, roster: simulation.roster },
    ran: (...args: string[]) => streamvane(args, { env }),
  }
}

test('configuration, a profile, dead letters and an erasure go in beside a running ingress that holds the embedded log', async () => {
  const { dir, data, process, url, lines, roster, ran } = await started()
  const half = Math.floor(lines.length / 2)
  await post(url, [...lines.slice(0, half), '{"no": "event"}'])
  expect(statSync(join(data, 'run', 'admin.json')).mode & 0o777).toBe(0o600)

  const answers = JSON.parse(JSON.stringify(queueAnswers(roster)[0])) as { entities: Record<string, unknown>[] }
  const [queue] = roster.queues
  const changed = answers.entities
    .filter(({ id }) => id === queue?.id)
    .map((entity) => ({
      ...entity,
      mediaSettings: { call: { serviceLevel: { percentage: 0.77, durationMs: 33_000 } } },
    }))
  await writeFile(join(dir, 'queues.json'), JSON.stringify({ entities: changed }))
  const imported = await ran('config', 'import', join(dir, 'queues.json'), '--effective-at', '2026-01-05T06:00:00Z')
  expect(imported, imported.stderr).toMatchObject({ code: 0 })
  expect(imported.stderr).toContain(`pid ${process.pid} writes this log`)
  expect(imported.stderr).toContain('1 stored')
  const again = await ran('config', 'import', join(dir, 'queues.json'), '--effective-at', '2026-01-05T06:00:00Z')
  expect(again.stderr).toContain('0 stored')

  await writeFile(join(dir, 'profile.yaml'), 'id: strict\nversion: 1\nshortAbandonMs: 4000\n')
  const published = await ran('profile', 'publish', join(dir, 'profile.yaml'), '--why', 'stricter')
  expect(published, published.stderr).toMatchObject({ code: 0 })
  expect(published.stdout).toContain('strict version 1 is in force')

  const replayed = await ran('deadletter', 'replay')
  expect(replayed, replayed.stderr).toMatchObject({ code: 0 })
  expect(replayed.stdout).toContain('0 can be used now, 1 still cannot')

  const agent = roster.agents[0]?.id ?? ''
  const erased = await ran('erase', '--user', agent, '--yes', '--json')
  expect(erased, erased.stderr).toMatchObject({ code: 0 })
  expect((JSON.parse(erased.stdout) as { events: number }).events).toBeGreaterThan(0)
  const erasedAgain = JSON.parse((await ran('erase', '--user', agent, '--json')).stdout) as Record<string, unknown>
  expect(erasedAgain).toMatchObject({ events: 0, erasedBefore: expect.any(Number) as number })

  // The service level that was imported beside the ingress is in the rows that it counts from then on.
  await post(url, lines.slice(half))
  process.kill('SIGTERM')
  expect(await process.ended, process.stderr()).toEqual({ code: 0, signal: null })
  expect(await ran('run', '--until-caught-up')).toMatchObject({ code: 0 })
  const { stdout } = await ran('rows', '--family', 'queue', '--queue', queue?.id ?? '', '--json')
  expect(jsonLines<RowLine>(stdout).map((row) => row.serviceTarget)).toContain(0.77)

  const { stdout: operations } = await ran('audit', 'log', '--json')
  expect(jsonLines<{ operation: string; by: string; via: string; result: string }>(operations)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ operation: 'config import', by: 'jane', via: 'cli', result: 'done' }),
      expect.objectContaining({ operation: 'profile publish', by: 'jane', why: 'stricter' }),
      expect.objectContaining({ operation: 'erase', by: 'jane' }),
    ]),
  )
  await expect(readFile(join(data, 'run', 'admin.json'))).rejects.toThrow('ENOENT')
}, 120_000)

/** Events of a topic that the version which received them did not know; this one does. */
const lettersOfEarlierVersion = async (data: string, lines: readonly string[]): Promise<void> => {
  const log = await openEmbeddedLog({ dir: join(data, 'log', 'raw'), mode: 'writer' })
  const origin = { tenant: 'default', source: 'http', receivedAt: FROM }
  const unusable = { reason: 'unknown-topic', detail: 'no decoder of this topic' } as const
  const events = lines.map((line) => deadLetter(Buffer.from(line), unusable, origin, 'ingress').event)
  await log.append([{ stream: deadLetterStream('default'), expected: 'any', events }])
  await log.close()
}

test('an import, dead letters that can be used again and the clock go in beside a running ingress, and are counted', async () => {
  const lines = [...simulate({ seed: 4, fromMs: FROM, hours: 2, queues: 2, agents: 8 })].map(({ line }) => line)
  const [letters, posted, imported] = [lines.slice(0, 40), lines.slice(40, 120), lines.slice(120)]
  const { dir, process, url, ran } = await started((data) => lettersOfEarlierVersion(data, letters))
  const retried = async () => {
    const { code, stdout, stderr } = await ran('deadletter', 'retry', '--json')
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout) as unknown
  }
  expect(await retried()).toMatchObject({ usable: 40, stored: 40, deadLettered: 0 })
  expect(await retried()).toMatchObject({ usable: 0, stored: 0 })
  await post(url, posted)

  const file = join(dir, 'rest.ndjson')
  await writeFile(file, `${imported.join('\n')}\n`)
  const ofImport = await ran('import', file)
  expect(ofImport, ofImport.stderr).toMatchObject({ code: 0 })
  expect(ofImport.stderr).toContain(`pid ${process.pid} writes this log`)
  expect(ofImport.stdout).toContain(`${imported.length} stored, 0 duplicate`)
  expect((await ran('import', file)).stdout).toContain(`0 stored, ${imported.length} duplicate`)

  const clock = async () => JSON.parse((await ran('clock', 'show', '--json')).stdout) as Record<string, unknown>
  const tooFar = await ran('clock', 'tick', '--at', '2026-01-05T12:00:00Z', '--why', 'a mistake')
  expect(tooFar, tooFar.stderr).toMatchObject({ code: 0 })
  expect(await clock()).toMatchObject({ frontier: '2026-01-05T12:00:00.000Z', takeBacks: 0 })
  const back = await ran('clock', 'take-back', '--to', '2026-01-05T08:00:00Z')
  expect(back, back.stderr).toMatchObject({ code: 0 })
  expect(await clock()).toMatchObject({ frontier: '2026-01-05T08:00:00.000Z', takeBacks: 1 })

  process.kill('SIGTERM')
  expect(await process.ended, process.stderr()).toEqual({ code: 0, signal: null })
  expect(await ran('run', '--until-caught-up')).toMatchObject({ code: 0 })
  const offered = async (run: typeof ran): Promise<number> => {
    const { stdout } = await run('rows', '--family', 'queue', '--json')
    const rows = jsonLines<{ measures: { nOffered?: { count: number } } }>(stdout)
    return rows.reduce((sum, { measures }) => sum + (measures.nOffered?.count ?? 0), 0)
  }
  const elsewhere: typeof ran = (...args) =>
    streamvane(args, { env: { STREAMVANE_DATA: join(dir, 'elsewhere'), STREAMVANE_OPERATOR: 'jane' } })
  await writeFile(file, `${lines.join('\n')}\n`)
  expect(await elsewhere('import', file)).toMatchObject({ code: 0 })
  expect(await elsewhere('run', '--until-caught-up')).toMatchObject({ code: 0 })
  expect(await offered(ran)).toBe(await offered(elsewhere))
  expect(await offered(ran)).toBeGreaterThan(10)
}, 180_000)

test('a process that was killed leaves its address behind: a command then writes the log itself, or is refused by who holds it now', async () => {
  const { dir, data, process, url, lines, ran } = await started()
  await post(url, lines.slice(0, 50))
  process.kill('SIGKILL')
  await process.ended
  await writeFile(join(dir, 'profile.yaml'), 'id: strict\nversion: 1\n')
  const published = await ran('profile', 'publish', join(dir, 'profile.yaml'))
  expect(published, published.stderr).toMatchObject({ code: 0 })
  expect(published.stderr).not.toContain('writes this log')
  const other = running(['run', '--port', '0', '--no-admin'], { STREAMVANE_DATA: data })
  await ingressOf(other)
  await writeFile(join(dir, 'profile.yaml'), 'id: strict\nversion: 2\n')
  const refused = await ran('profile', 'publish', join(dir, 'profile.yaml'))
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining(`pid ${other.pid}`) as string })
}, 60_000)

test('without an admin API the command is refused, and the message says how it would go in', async () => {
  const dir = await scratchFolder()
  const env = { STREAMVANE_DATA: join(dir, 'data') }
  const process = running(['run', '--port', '0', '--no-admin'], env)
  await ingressOf(process)
  await writeFile(join(dir, 'profile.yaml'), 'id: strict\nversion: 1\n')
  const refused = await streamvane(['profile', 'publish', join(dir, 'profile.yaml')], { env })
  expect(refused).toMatchObject({ code: 3, stdout: '' })
  expect(refused.stderr).toContain('--admin')
}, 60_000)
