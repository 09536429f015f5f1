import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { backupCommand, restoreCommand } from '../../src/cli/backup.js'
import { egressCommand } from '../../src/cli/egress.js'
import { importCommand } from '../../src/cli/import.js'
import { rowsCommand } from '../../src/cli/rows.js'
import { runCommand } from '../../src/cli/run/run.js'
import { verifyCommand } from '../../src/cli/verify.js'
import { revisionsByKey } from '../contracts/sink.contract.js'
import { readAvroFiles } from '../egress/files/read-files.js'
import { inProcess } from '../support/in-process.js'
import { copiedVersion } from '../support/next-version.js'
import { olderFolder, olderFolders } from '../support/older-folders.js'
import { jsonLines, scratchFolder, streamvane, type Outcome } from '../support/streamvane.js'

const FAMILIES = ['queue', 'agent', 'agent-state'] as const

type Row = Readonly<{ key: string; revision: number }>

/** Loaded as `main.ts` loads them: a process for each would take ten times as long. */
const commands: Readonly<Record<string, () => Command>> = {
  run: runCommand,
  import: importCommand,
  rows: rowsCommand,
  verify: verifyCommand,
  backup: backupCommand,
  restore: restoreCommand,
  egress: egressCommand,
}

/** Commands of this version on a data folder. */
const commandsOn = (data: string) => {
  const run = ([name = '', ...args]: readonly string[]): Promise<Outcome & Readonly<{ cause?: unknown }>> =>
    inProcess((commands[name] as () => Command)(), [...args, '--data', data, '--log-level', 'error'])
  const done = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args)
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
    return stdout
  }
  const rows = async (): Promise<readonly Row[]> => {
    const all: Row[] = []
    for (const family of FAMILIES) all.push(...jsonLines<Row>(await done('rows', '--family', family, '--json')))
    return all
  }
  return { run, done, rows }
}

/** A later version, whose log has a format that this one does not know, takes in events and computes them. */
const upgraded = async (data: string, later: string): Promise<void> => {
  const { main, edit } = await copiedVersion(join(await scratchFolder(), 'later'))
  await edit('log/embedded/lmdb/store.ts', /const FORMAT = \d+/, 'const FORMAT = 1_000')
  for (const args of [
    ['import', later],
    ['run', '--until-caught-up'],
  ]) {
    const { code, stderr } = await streamvane([...args, '--data', data], { main })
    expect(code, stderr).toBe(0)
  }
}

const digestsIn = (data: string): readonly string[] =>
  readdirSync(join(data, 'log')).map((part) => {
    const bytes = readFileSync(join(data, 'log', part, 'data.mdb'))
    return `${part} ${createHash('sha256').update(bytes).digest('hex')}`
  })

beforeEach(() => void vi.stubEnv('KAFKA_BROKERS', undefined))
afterEach(() => void vi.unstubAllEnvs())

describe.each(olderFolders)('%s', (name) => {
  test('is read alike, and gone on with without a rebuild: no row is lost and none published twice', async () => {
    const { data, rows, later } = await olderFolder(name)
    const now = commandsOn(data)
    const before = await now.rows()
    expect(before.length).toBeGreaterThan(5)
    expect(before).toEqual((await Promise.all(FAMILIES.map(rows))).flat())
    const published = async () => revisionsByKey(await readAvroFiles(join(data, 'files')))
    const revisions = await published()
    await now.done('run', '--until-caught-up')
    expect(await published()).toEqual(revisions)

    await now.done('import', later)
    await now.done('run', '--until-caught-up')
    const rowsNow = await now.rows()
    expect(rowsNow).not.toEqual(before)
    const all = await published()
    for (const { key, revision } of rowsNow) {
      expect(all[key]?.at(-1), key).toBe(revision)
      expect(new Set(all[key]).size, key).toBe(all[key]?.length)
    }
    await now.done('verify')
  })
})

describe('back to the version before', () => {
  test('an older program refuses a folder of a later format: it reads, computes and changes nothing, and says what to use', async () => {
    const { data, later, folder } = await olderFolder('data-folder-of-format-2')
    await upgraded(data, later)
    const before = digestsIn(data)
    const older = commandsOn(data)
    const words = /has format 1000; this version of Streamvane reads formats 1 to 4. Use the version that wrote it/
    for (const args of [
      ['rows', '--family', 'queue'],
      ['import', later],
      ['backup', join(folder, 'backup')],
    ]) {
      const { code, stderr } = await older.run(args)
      expect({ code, stderr }, args.join(' ')).toMatchObject({
        code: 4,
        stderr: expect.stringMatching(words) as string,
      })
    }
    for (const stages of [[], ['--only', 'projector', 'egress']]) {
      const run = await streamvane(['run', '--port', '0', ...stages, '--data', data])
      expect(run).toMatchObject({ code: 4, stderr: expect.stringMatching(words) as string })
    }
    expect(digestsIn(data)).toEqual(before)
  }, 300_000)

  test('goes by the backup that was made before the upgrade: what came since is sent again, and every row is there', async () => {
    const { data, later, folder } = await olderFolder('data-folder-of-format-2')
    const older = commandsOn(data)
    const backup = join(folder, 'before-the-upgrade')
    await older.done('backup', backup)
    const before = await older.rows()
    await upgraded(data, later)

    await older.done('restore', backup, '--force')
    expect(await older.rows()).toEqual(before)
    // What the later version published lies at the destination, and this log does not hold it.
    expect(await streamvane(['run', '--until-caught-up', '--data', data])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('egress accept other-history') as string,
    })
    await older.done('import', later)
    await older.done('egress', 'accept', 'other-history', '--why', 'back to the version before')
    await older.done('run', '--until-caught-up')

    const { data: calm } = await olderFolder('data-folder-of-format-2')
    await commandsOn(calm).done('import', later)
    await commandsOn(calm).done('run', '--until-caught-up')
    const figures = (rows: readonly Row[]) => rows.map(({ revision: _, ...figuresOf }) => figuresOf)
    expect(figures(await older.rows())).toEqual(figures(await commandsOn(calm).rows()))
  }, 300_000)
})
