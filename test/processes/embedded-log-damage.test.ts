import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { copyFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeChecked, openSnapshotFile } from '../../src/app/pipeline/projector/snapshot-file.js'
import { openSnapshotStore, type Snapshot } from '../../src/app/pipeline/projector/snapshots.js'
import { openStore } from '../../src/log/embedded/lmdb/store.js'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { LogUnavailable } from '../../src/log/event-log.js'
import type { ProjectionState } from '../../src/projections/projection-state.js'
import { simulate } from '../../src/simulator/simulate.js'
import { runChild, scratchDirectory } from '../log/embedded/child-process.js'
import { noise } from '../support/noise.js'
import { streamvane } from '../support/streamvane.js'

const PAGE = 4096

/** A log of about 45 pages a round, with long and short streams; half of its pages were freed by an erasure. */
const filledLog = async (dir: string, rounds = 8): Promise<Buffer> => {
  const log = await openEmbeddedLog({ dir, mode: 'writer' })
  const event = (bytes: number) => ({
    id: randomUUID(),
    type: 'Seen',
    // Blocks are compressed: only what cannot be made smaller takes pages of its own.
    data: randomBytes(bytes),
    metadata: Buffer.from('{}'),
  })
  for (let round = 0; round < rounds; round++)
    await log.append([
      { stream: 'a', expected: 'any', events: Array.from({ length: 100 }, () => event(300)) },
      ...Array.from({ length: 60 }, (_, i) => ({ stream: `s${i}`, expected: 'any' as const, events: [event(700)] })),
    ])
  await log.erase('s7')
  await log.close()
  return readFile(join(dir, 'data.mdb'))
}

/** What the child says of each folder, in both modes. Fails if a signal ended the child, or an error nobody caught. */
const openedInChild = async (dirs: readonly string[], under = ''): Promise<readonly string[]> => {
  const child = runChild('opener', dirs, under)
  const code = await child.ended
  expect([child.signal(), code], `ended at "${child.lines.at(-1)}" ${child.stderr()}`).toEqual([null, 0])
  expect(child.lines.at(-1)).toBe('end')
  return child.lines.slice(0, -1)
}

/** Where these bytes are in a file, every time. */
const placesOf = (bytes: Buffer, file: Buffer): readonly number[] => {
  const places: number[] = []
  for (let at = file.indexOf(bytes); at >= 0; at = file.indexOf(bytes, at + 1)) places.push(at)
  return places
}

type TreeStats = Readonly<{ treeBranchPageCount: number; treeLeafPageCount: number; overflowPages: number }>

/** The pages that hold blocks, and how many are in use with those of the trees and the two meta pages: LMDB says. */
const pagesInUse = async (dir: string): Promise<Readonly<{ ofBlocks: ReadonlySet<number>; count: number }>> => {
  const file = await readFile(join(dir, 'data.mdb'))
  const store = openStore(dir, 'read')
  const ofBlocks = new Set<number>()
  for (const { value } of store.blocks.getRange())
    for (const at of placesOf(value, file))
      for (let page = Math.floor(at / PAGE); page * PAGE < at + value.length; page++) ofBlocks.add(page)
  const trees = Object.values(store).map((table) => table.getStats() as TreeStats)
  trees.push((store.env.getStats() as { free: TreeStats }).free)
  await store.env.close()
  const pagesOf = (tree: TreeStats) => tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages
  return { ofBlocks, count: trees.reduce((sum, tree) => sum + pagesOf(tree), 2) }
}

const folderWith = async (root: string, name: string, bytes: Buffer): Promise<string> => {
  const dir = join(root, name)
  await mkdir(dir)
  await writeFile(join(dir, 'data.mdb'), bytes)
  return dir
}

describe('a log whose file is not whole ends no process by a signal', () => {
  test('cut short at any size, it is damaged: the message names the file and the remedy', async () => {
    const root = await scratchDirectory()
    const whole = await filledLog(join(root, 'whole'))
    const sizes = [1, 23, 24, 100, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE - 1, 2 * PAGE, 2 * PAGE + 1, 3 * PAGE]
    for (let size = 4 * PAGE; size < whole.length; size += 17 * PAGE + 5) sizes.push(size)
    const dirs: string[] = []
    for (const size of sizes) {
      const dir = join(root, `cut-${size}`)
      await mkdir(dir)
      await copyFile(join(root, 'whole', 'data.mdb'), join(dir, 'data.mdb'))
      await truncate(join(dir, 'data.mdb'), size)
      dirs.push(dir)
    }
    for (const line of await openedInChild(dirs)) {
      expect(line).toMatch(/ (reader|writer) LogDamaged: the log in .* is damaged: .*data\.mdb.*streamvane restore/)
    }
  })

  test('a file of no bytes is an empty log for its writer', async () => {
    const root = await scratchDirectory()
    const dir = await folderWith(root, 'empty', Buffer.alloc(0))
    const [reader, writer] = await openedInChild([dir])
    expect(reader).toMatch(/reader LogUnavailable: there is no log in/)
    expect(writer).toMatch(/writer whole 0$/)
  })

  test('a lock file of random bytes is made again, and a folder in the place of a file is named', async () => {
    const root = await scratchDirectory()
    const dirs = ['lock-noise', 'lock-folder', 'data-folder'].map((name) => join(root, name))
    const [noise, lock, data] = dirs as [string, string, string]
    for (const dir of dirs) await filledLog(dir)
    await writeFile(join(noise, 'lock.mdb'), randomBytes(65_536))
    await rm(join(lock, 'lock.mdb'))
    await mkdir(join(lock, 'lock.mdb'))
    await rm(join(data, 'data.mdb'))
    await mkdir(join(data, 'data.mdb'))
    const lines = await openedInChild(dirs)
    for (const line of lines.slice(0, 2)) expect(line).toMatch(/ whole \d+$/)
    for (const line of lines.slice(2)) expect(line).toMatch(/LogUnavailable: .*EISDIR/)
  })

  test('where the address space of the process is limited, the limit is named', async () => {
    const dir = join(await scratchDirectory(), 'log')
    await filledLog(dir)
    for (const line of await openedInChild([dir], 'ulimit -v 500000000; '))
      expect(line).toMatch(/LogUnavailable: .*address space of this process is limited to 512000000000 bytes/)
  })

  test('zeros, text or another database in its place are refused', async () => {
    const root = await scratchDirectory()
    const dirs = [
      await folderWith(root, 'zeros', Buffer.alloc(50 * PAGE)),
      await folderWith(root, 'text', Buffer.alloc(50 * PAGE, 'no database')),
      await folderWith(root, 'sqlite', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(9 * PAGE)])),
    ]
    for (const line of await openedInChild(dirs)) expect(line).toMatch(/LogDamaged: .*is not an LMDB file/)
  })

  test('with any of its pages overwritten, damage is named if the page is in use, and the process goes on', async () => {
    const root = await scratchDirectory()
    const whole = await filledLog(join(root, 'whole'), 3)
    const pages = whole.length / PAGE
    const inUse = await pagesInUse(join(root, 'whole'))
    const fills = { zeros: Buffer.alloc(PAGE), noise: noise('page', PAGE) }
    const dirs: string[] = []
    for (let page = 0; page < pages; page++)
      for (const [kind, fill] of Object.entries(fills)) {
        const bytes = Buffer.from(whole)
        bytes.set(fill, page * PAGE)
        dirs.push(await folderWith(root, `${kind}-${page}`, bytes))
      }
    const lines = await openedInChild(dirs)
    expect(lines).toHaveLength(2 * dirs.length)
    for (const kind of Object.keys(fills))
      for (const mode of ['reader', 'writer']) {
        const named = new Set<number>()
        for (let page = 0; page < pages; page++) {
          const said = lines.find((line) => line.startsWith(`${join(root, `${kind}-${page}`)} ${mode} `))
          expect(said).toMatch(/ (LogDamaged: .*|whole \d+)$/)
          if (said!.includes('LogDamaged')) named.add(page)
        }
        expect([...inUse.ofBlocks].filter((page) => !named.has(page))).toEqual([])
        // The others are free: what they hold is read by nobody.
        expect(named.size, `${kind}, ${mode}`).toBe(inUse.count)
      }
    expect(inUse.ofBlocks.size).toBeGreaterThan(50)
    expect(inUse.count).toBeLessThan(pages)
  }, 120_000)
})

const mounts: string[] = []
afterEach(() => {
  for (const dir of mounts.splice(0)) execFileSync('umount', ['--lazy', dir])
})

/** A file system of its own of this size; `undefined` if this process may not mount one. */
const smallDisk = async (kilobytes: number): Promise<string | undefined> => {
  const dir = await scratchDirectory()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', dir], { stdio: 'pipe' })
  } catch {
    return undefined
  }
  mounts.push(dir)
  return dir
}

describe('a full disk at the start ends no process by a signal', () => {
  test('a new log on a disk of any small size, and an old one on a disk that is full', async (context) => {
    const disks: string[] = []
    for (const kilobytes of [4, 16, 48, 100, 120, 132, 140, 160, 200, 300]) {
      const disk = await smallDisk(kilobytes)
      if (disk === undefined) {
        console.error('[embedded log] a full disk is not tried: this process may not mount a file system')
        return context.skip()
      }
      disks.push(join(disk, 'log'))
    }
    const old = await smallDisk(8_000)
    await filledLog(join(old!, 'log'))
    await fill(old!)
    const lines = await openedInChild([...disks, join(old!, 'log')])
    expect(lines.filter((line) => line.includes('writer')).join('\n')).toMatch(/is full \(ENOSPC\): make room/)
    for (const line of lines) expect(line).toMatch(/LogUnavailable: |NotAvailable .*|whole \d+$/)
    expect(lines.at(-1)).toMatch(/LogUnavailable|NotAvailable/)
  })
})

test('a disk that is full at the start does not cost the projector its snapshot', async (context) => {
  const disk = await smallDisk(4_000)
  if (disk === undefined) return context.skip()
  const path = join(disk, 'state', 'default.g1')
  const { root, meta } = openSnapshotFile(path)
  await meta.put('fold', encodeChecked('the state'))
  await root.close()
  const before = await readFile(path)
  await fill(disk)
  expect(() => openSnapshotFile(path)).toThrow(/LogUnavailable|is full \(ENOSPC\)/)
  expect(await readFile(path)).toEqual(before)
})

test('a snapshot that finds no room on the disk is LogUnavailable, which is tried again, and the one before stays', async (context) => {
  const disk = await smallDisk(4_000)
  if (disk === undefined) return context.skip()
  const store = openSnapshotStore(disk, 't', 'g1', 'embedded')
  const snapshotOf = (position: bigint, bytes: number): Snapshot => ({
    position,
    origin: undefined,
    state: { spilled: [], padding: 'x'.repeat(bytes) } as unknown as ProjectionState,
  })
  await store.save(snapshotOf(1n, 1_000))
  await fill(disk)
  await expect(store.save(snapshotOf(2n, 500_000))).rejects.toBeInstanceOf(LogUnavailable)
  expect(store.load()?.position).toBe(1n)
  await rm(join(disk, 'filler-1048576-0'))
  await store.save(snapshotOf(3n, 500_000))
  expect(store.load()?.position).toBe(3n)
  await store.close()
})

const fill = async (disk: string): Promise<void> => {
  for (let bytes = 1024 * 1024; bytes >= 512; bytes = Math.floor(bytes / 2))
    for (let i = 0; ; i++)
      try {
        await writeFile(join(disk, `filler-${bytes}-${i}`), Buffer.alloc(bytes))
      } catch {
        break
      }
}

/** Changes one bit in the middle of each block. */
const damageBlocks = async (dir: string): Promise<void> => {
  const store = openStore(dir, 'read')
  const blocks = [...store.blocks.getRange().map(({ value }) => Buffer.from(value))]
  await store.env.close()
  const path = join(dir, 'data.mdb')
  const file = await readFile(path)
  // A small block is within a page of the tree, and older copies of that page may hold it too.
  for (const block of blocks)
    for (const at of placesOf(block, file).map((start) => start + (block.length >> 1))) file[at] = file[at]! ^ 1
  await writeFile(path, file)
}

describe('a damaged block of the raw log', () => {
  test.each([
    ['run --until-caught-up', ['run', '--until-caught-up']],
    ['run --only projector', ['run', '--only', 'projector']],
    ['run', ['run', '--port', '0']],
    ['rebuild', ['rebuild']],
  ])('ends %s with exit code 4, and the position, the file and the remedy are named', async (_, args) => {
    const dir = await scratchDirectory()
    const data = join(dir, 'data')
    const env = { STREAMVANE_DATA: data }
    const lines = [...simulate({ seed: 3, fromMs: Date.parse('2026-01-05T06:00:00Z'), hours: 1, queues: 1, agents: 6 })]
    await writeFile(join(dir, 'day.ndjson'), lines.map(({ line }) => line).join('\n'))
    expect((await streamvane(['import', join(dir, 'day.ndjson')], { env })).code).toBe(0)
    if (args[0] === 'rebuild') expect((await streamvane(['run', '--until-caught-up'], { env })).code).toBe(0)
    const path = join(data, 'log', 'raw', 'data.mdb')
    await damageBlocks(join(data, 'log', 'raw'))
    const ended = await streamvane(args, { env })
    expect(ended.stderr).toMatch(/the block through position \d+ fails its checksum/)
    expect(ended.stderr).toContain(path)
    expect(ended.stderr).toContain('streamvane restore')
    expect(ended.code, ended.stderr).toBe(4)
  })
})
