import avro from 'avsc'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { NEW_METRIC, nextVersion } from '../support/next-version.js'
import { ingressOf, jsonLines, post, running, scratchFolder, streamvane } from '../support/streamvane.js'

/**
 * Made by version 0.1.0 at commit ee2768c: a folder of which an hour was simulated, taken in over HTTP, computed and
 * published to files (`data`); the rows as that version printed them; and events that come after (`later.ndjson`).
 */
const FIXTURE = join(import.meta.dirname, '../fixtures/data-folder-of-0.1.0.tar.gz')
const FAMILIES = ['queue', 'agent', 'agent-state'] as const
const REPLAY = ['replay', '--from', '2026-01-05', '--to', '2026-01-06', '--yes']
/** All rows are published, so that files of the generation hold each of them. */
const REBUILD = ['rebuild', '--promote', '--publish', 'all']
type Named = Readonly<{ key: string; revision: number }>

const unpacked = async (): Promise<
  Readonly<{ data: string; rows: string; later: readonly string[]; folder: string }>
> => {
  const folder = await scratchFolder()
  execFileSync('tar', ['-xzf', FIXTURE, '-C', folder])
  const later = (await readFile(join(folder, 'later.ndjson'), 'utf8')).split('\n').filter((line) => line !== '')
  return { folder, data: join(folder, 'data'), rows: folder, later }
}

/** Commands on a data folder, by this version or by the program `main`. */
const commandsOn = (data: string, main?: string) => ({
  succeed: async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await streamvane([...args, '--data', data], { main })
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
    return stdout
  },
  run: (...args: readonly string[]) =>
    running(['run', '--data', data, '--port', '0', '--clock', 'event-time', '--log-level', 'debug', ...args], {}, main),
})

const rowsOf = async ({ succeed }: ReturnType<typeof commandsOn>, generation?: string): Promise<readonly Named[]> => {
  const rows: Named[] = []
  for (const family of FAMILIES) {
    const of = generation === undefined ? [] : ['--generation', generation]
    rows.push(...jsonLines<Named>(await succeed('rows', '--family', family, '--json', ...of)))
  }
  return rows
}

type Field = Readonly<{ name: string; type: { fields: readonly Readonly<{ name: string }>[] } }>
type Container = Readonly<{ file: string; metrics: readonly string[]; rows: readonly Named[] }>

/** The Avro files of rows in a folder, without those of statements about them, as a foreign reader reads them. */
const containersIn = async (folder: string): Promise<readonly Container[]> => {
  const files = (await readdir(folder, { recursive: true }))
    .filter((file) => file.endsWith('.avro') && !/(interval|generation)-complete\//.test(file))
    .sort()
  return Promise.all(
    files.map(async (file) => {
      const rows: Named[] = []
      let metrics: readonly string[] = []
      const decoder = avro.createFileDecoder(join(folder, file))
      decoder.on('metadata', (_type: unknown, _codec: unknown, header: { meta: Record<string, Buffer> }) => {
        const { fields } = JSON.parse(String(header.meta['avro.schema'])) as { fields: Field[] }
        metrics = fields.find(({ name }) => name === 'measures')?.type.fields.map(({ name }) => name) ?? []
      })
      decoder.on('data', (row: Named) => rows.push(row))
      await once(decoder, 'end')
      return { file, metrics, rows }
    }),
  )
}

const names = (rows: readonly Named[]): readonly string[] =>
  rows.map(({ key, revision }) => `${key} ${revision}`).sort()

describe('an upgrade', () => {
  test('reads, publishes and replays what version 0.1.0 wrote, and goes on with it after a rebuild', async () => {
    const { data, rows, later, folder } = await unpacked()
    const commands = commandsOn(data)
    for (const family of FAMILIES) {
      const before = jsonLines(await readFile(join(rows, `${family}-rows.ndjson`), 'utf8'))
      expect(before.length).toBeGreaterThan(5)
      expect(jsonLines(await commands.succeed('rows', '--family', family, '--json'))).toEqual(before)
    }
    const before = await rowsOf(commands)
    await commands.succeed(...REPLAY, '--family', 'queue')
    const replayed = (await containersIn(join(data, 'files', 'replay'))).flatMap((container) => container.rows)
    expect(names(replayed)).toEqual(names(before.filter(({ key }) => key.startsWith('queue/'))))

    await commands.succeed(...REBUILD)
    const lines = join(folder, 'later.ndjson')
    expect(later.length).toBeGreaterThan(50)
    await commands.succeed('import', lines)
    await commands.succeed('run', '--until-caught-up')
    const published = (await containersIn(join(data, 'files'))).filter(({ file }) => /\/g2-\d/.test(file))
    const last = new Map(published.flatMap((container) => container.rows).map((row) => [row.key, row]))
    expect(names([...last.values()])).toEqual(names(await rowsOf(commands)))
    expect(await rowsOf(commands, 'g1')).toEqual(before)
  })

  test('to a version with another contract, beside the running stream: rebuilt, promoted, published, nothing lost', async () => {
    const { data, later, folder } = await unpacked()
    const now = commandsOn(data)
    const next = commandsOn(data, await nextVersion(join(folder, 'next'), { isNewProjection: true }))
    await now.succeed(...REBUILD)

    const old = now.run()
    const half = Math.floor(later.length / 2)
    await post(await ingressOf(old), later.slice(0, half))
    await old.said('egress: records published')
    const differences = jsonLines<{ same: boolean }>(await next.succeed(...REBUILD, '--json'))
    expect(differences.length).toBeGreaterThan(3)
    // What the running projector has not folded yet may differ in the intervals that are open.
    expect(differences.filter(({ same }) => same).length).toBeGreaterThanOrEqual(differences.length - 2)
    // The generation of the next version is not one that the running version can go on with.
    expect(await old.ended).toMatchObject({ code: 4 })
    const before = await rowsOf(now, 'g2')

    const upgraded = next.run()
    await post(await ingressOf(upgraded), later.slice(half))
    await upgraded.said('egress: records published')
    upgraded.kill('SIGTERM')
    expect(await upgraded.ended).toMatchObject({ code: 0 })
    await next.succeed('run', '--until-caught-up')

    expect(await rowsOf(next, 'g2')).toEqual(before)
    const containers = await containersIn(join(data, 'files'))
    const ofGeneration = (name: string) => containers.filter(({ file }) => file.includes(`/${name}-`))
    const hasNewMetric = ({ metrics }: Container): boolean => metrics.includes(NEW_METRIC)
    expect(ofGeneration('g2').some(hasNewMetric)).toBe(false)
    expect(
      ofGeneration('g3')
        .filter(({ file }) => file.includes('queue'))
        .every(hasNewMetric),
    ).toBe(true)
    const last = new Map(
      ofGeneration('g3')
        .flatMap((container) => container.rows)
        .map((row) => [row.key, row]),
    )
    const latest = await rowsOf(next)
    expect(names([...last.values()])).toEqual(names(latest))
    expect(latest.length).toBeGreaterThanOrEqual(before.length)
    await next.succeed(...REPLAY, '--family', 'queue')
  })

  test('to a version that goes on with the generation: its rows of two schemas are read, published and replayed alike', async () => {
    const { data, folder } = await unpacked()
    const now = commandsOn(data)
    await now.succeed(...REBUILD)
    const next = commandsOn(data, await nextVersion(join(folder, 'next'), { isNewProjection: false }))
    const before = await rowsOf(now)
    expect(await rowsOf(next)).toEqual(before)
    await next.succeed('import', join(folder, 'later.ndjson'))
    await next.succeed('run', '--until-caught-up')
    const containers = await containersIn(join(data, 'files'))
    const ofQueues = containers.filter(({ file }) => /queue-metrics\/g2-/.test(file))
    expect(new Set(ofQueues.map(({ metrics }) => metrics.includes(NEW_METRIC)))).toEqual(new Set([false, true]))
    const latest = await rowsOf(next)
    expect(latest.length).toBeGreaterThan(before.length)
    const last = new Map<string, Named>()
    for (const row of containers.filter(({ file }) => /\/g2-/.test(file)).flatMap((container) => container.rows))
      if ((last.get(row.key)?.revision ?? 0) < row.revision) last.set(row.key, row)
    expect(names([...last.values()])).toEqual(names(latest))
    await next.succeed(...REPLAY)
    await next.succeed(...REBUILD)
    await next.succeed('run', '--until-caught-up')
  })
})
