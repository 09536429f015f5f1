import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { open } from 'lmdb'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { recover } from '../../../../src/contract/kpi-stream/marks.js'
import { runProjector } from '../../../../src/app/pipeline/projector/projector.js'
import { openSnapshotStore, type SnapshotStore } from '../../../../src/app/pipeline/projector/snapshots.js'
import { HOUR_MS } from '../../../../src/domain/interval.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { Crash, Life } from '../../../support/mortal.js'
import { bookOfLog, everyRevision, expectSameRows, projectOnce } from '../../../support/pipeline-life.js'
import { generationOf, silent, take, tickTo } from '../../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const generation = generationOf(defaultProfile)

let lines: readonly string[]
beforeAll(() => {
  lines = [
    ...simulate({ seed: 9, fromMs: FROM, hours: 2, queues: 2, agents: 20, lateness: { share: 0.2, maxMs: HOUR_MS } }),
  ].map(({ line }) => line)
})

let data: string
let raw: EventLog
let kpi: EventLog
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'streamvane-snapshot-'))
  raw = memoryLog()
  kpi = memoryLog()
})
afterEach(() => rm(data, { recursive: true, force: true }))

/**
 * Takes the next quarter of the morning in and lets time pass to where it is, so that cells are closed and events of
 * them still come.
 */
const quarter = async (n: number): Promise<void> => {
  const size = Math.ceil(lines.length / 4)
  await take(raw, 't', lines.slice(n * size, (n + 1) * size))
  await tickTo(raw, 't', FROM + (n + 1) * 0.5 * HOUR_MS)
}

const withStore = async <T>(work: (store: SnapshotStore) => Promise<T>, logIdentity = 'embedded'): Promise<T> => {
  const store = openSnapshotStore(data, 't', 'g1', logIdentity)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

const projected = (store: SnapshotStore) =>
  projectOnce(raw, kpi, { tenant: 't', generation, batchMax: 100, snapshots: store })

/** Projects and says how many raw events were folded for it. */
const foldedIn = async (store: SnapshotStore): Promise<number> => {
  let folded = 0
  const options = {
    tenant: 't',
    generation,
    raw,
    kpi,
    snapshots: store,
    batchMax: 100,
    untilCaughtUp: true,
    logger: silent,
    now: () => 0,
  }
  await runProjector({
    ...options,
    signal: new AbortController().signal,
    onProgress: ({ events }) => (folded = events),
  })
  return folded
}

const expectEveryRow = async (): Promise<void> =>
  expectSameRows(await bookOfLog(kpi, 't', 'g1'), await everyRevision(raw, 't', defaultProfile))

const foldKey = 'fold'
const overwrite = async (bytes: Buffer): Promise<void> => {
  const root = open({ path: join(data, 'state', 't.g1'), maxDbs: 4 })
  await root.openDB<Buffer, string>('meta', { encoding: 'binary' }).put(foldKey, bytes)
  await root.close()
}

describe('a fold that was put away', () => {
  test('beside one log is not understood beside another', async () => {
    await quarter(0)
    await withStore(projected)
    await withStore(async (store) => expect(store.load()).toBeUndefined(), 'eventstoredb esdb://elsewhere')
    await withStore(async (store) => expect(store.load()).toBeDefined())
  })

  test('carries on as if it never had been, closed cells and all, and reads only what is new', async () => {
    const folded: number[] = []
    for (let n = 0; n < 4; n++) {
      await quarter(n)
      folded.push(await withStore(foldedIn))
    }
    await expectEveryRow()
    expect(Math.max(...folded.slice(1))).toBeLessThan(lines.length / 2)
  })

  test('is where the checkpoint is, never ahead of it', async () => {
    await quarter(0)
    await withStore(projected)
    const { checkpoint } = await recover(kpi, 't', 'g1')
    await withStore((store) => Promise.resolve(expect(store.load()?.position).toBe(checkpoint?.position)))
  })

  test('of another log, ahead of its checkpoint, is not used', async () => {
    await quarter(0)
    await withStore(projected)
    kpi = memoryLog()
    await withStore(projected)
    await expectEveryRow()
  })

  test('may be older than the checkpoint: what lies between is folded again and not appended again', async () => {
    await quarter(0)
    await withStore(projected)
    await quarter(1)
    // Rows and checkpoint arrive, the snapshot does not.
    await withStore((store) =>
      expect(projected({ ...store, save: () => Promise.reject(new Crash('died')) })).rejects.toThrow(Crash),
    )
    await quarter(2)
    await withStore(projected)
    await expectEveryRow()
  })

  test.each([
    ['is not readable', Buffer.from('not what v8 writes')],
    ['was written in another format', serialize({ format: '0/0/0', position: 1n, state: {} })],
  ])('and %s is begun anew, with the same rows', async (_, bytes) => {
    await quarter(0)
    await withStore(projected)
    await overwrite(bytes)
    await quarter(1)
    await withStore((store) => Promise.resolve(expect(store.load()).toBeUndefined()))
    await withStore(projected)
    await expectEveryRow()
  })

  test('in a file that is no store any more is begun anew, with the same rows', async () => {
    await quarter(0)
    await withStore(projected)
    await writeFile(join(data, 'state', 't.g1'), Buffer.alloc(65_536, 'x'))
    await quarter(1)
    await withStore(projected)
    await expectEveryRow()
  })

  test('in a file that is cut short at any size is begun anew, with the same rows', async () => {
    await quarter(0)
    await withStore(projected)
    const path = join(data, 'state', 't.g1')
    const whole = await readFile(path)
    for (const share of [0.0001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97]) {
      await writeFile(path, whole.subarray(0, Math.ceil(whole.length * share)))
      await withStore((store) => Promise.resolve(expect(store.load()).toBeUndefined()))
    }
    await quarter(1)
    await withStore(projected)
    await expectEveryRow()
  })

  test('with any of its pages overwritten is used whole or begun anew, with the same rows', async () => {
    await quarter(0)
    await withStore(projected)
    const path = join(data, 'state', 't.g1')
    const whole = await readFile(path)
    const state = await withStore((store) => Promise.resolve(store.load()))
    for (let page = 0; page < whole.length / 4096; page += 1 + Math.floor(whole.length / 4096 / 60)) {
      await writeFile(path, Buffer.from(whole).fill(page % 251, page * 4096, (page + 1) * 4096))
      await withStore((store) => Promise.resolve(expect([state, undefined]).toContainEqual(store.load())))
    }
    await quarter(1)
    await withStore(projected)
    await expectEveryRow()
  })

  test('whose cold store was changed is thrown away when that is found: all is folded again, with the same rows', async () => {
    for (let n = 0; n < 2; n++) {
      await quarter(n)
      await withStore(projected)
    }
    const root = open({ path: join(data, 'state', 't.g1'), noSubdir: true, maxDbs: 4 })
    const coldStore = root.openDB<Buffer, string>('cold-store', { encoding: 'binary' })
    const keys = [...coldStore.getKeys({})]
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) coldStore.putSync(key, Buffer.from('changed'))
    await root.close()
    await quarter(2)
    const folded = await withStore(foldedIn)
    expect(folded).toBeGreaterThan(lines.length / 2)
    await expectEveryRow()
  })

  test('is for its owner alone', async () => {
    await quarter(0)
    await withStore(projected)
    const path = join(data, 'state', 't.g1')
    for (const file of [path, `${path}-lock`]) expect((await stat(file)).mode & 0o777, file).toBe(0o600)
    expect((await stat(join(data, 'state'))).mode & 0o777).toBe(0o700)
  })

  test('survives a death in mid-save', async () => {
    for (let n = 0; n < 4; n++) {
      await quarter(n)
      const life = new Life(1, n % 2 === 0 ? 'before' : 'after')
      await withStore((store) => expect(projected(life.snapshots(store))).rejects.toThrow(Crash))
    }
    await withStore(projected)
    await expectEveryRow()
  })
})
