import { afterEach, describe, expect, test } from 'vitest'
import { SealingSuperseded } from '../../../../src/app/operations/audit/audit-log.js'
import { NoSuchTree, restartTree } from '../../../../src/app/operations/audit/restart-tree.js'
import { HistoryChanged, Sealing } from '../../../../src/app/operations/audit/sealing.js'
import { LogLocked } from '../../../../src/log/event-log.js'
import type { Finding } from '../../../../src/audit/finding.js'
import { CompactRange, sameHash } from '../../../../src/audit/merkle.js'
import { leafHashOf } from '../../../../src/audit/leaf.js'
import { key, otherKey, SealedLog, TENANT, type Tampering } from './sealed-log.js'

const conversation = `${TENANT}.00.conversation-c`
const user = `${TENANT}.01.user-u`

let made: SealedLog[] = []
const sealedLog = async (): Promise<SealedLog> => {
  const log = new SealedLog()
  made.push(log)
  await log.append(conversation, 5)
  await log.append(user, 5)
  await log.seal()
  await log.append(conversation, 3)
  await log.seal()
  return log
}
afterEach(() => {
  for (const log of made) log.close()
  made = []
})

const changedBy = async (log: SealedLog): Promise<readonly Finding[]> => {
  const refused = await log.seal().then(
    () => undefined,
    (cause: unknown) => cause,
  )
  expect(refused).toBeInstanceOf(HistoryChanged)
  return (refused as HistoryChanged).findings
}

const at =
  (position: bigint, change: Tampering): Tampering =>
  (event) =>
    event.position === position ? change(event) : [event]

describe('sealing', () => {
  test('signs the root of all raw events, and nothing where nothing came', async () => {
    const log = await sealedLog()
    const range = new CompactRange()
    for (const event of await log.events()) range.append(leafHashOf(event))
    expect(await log.seal()).toEqual([])
    await log.append(conversation, 1)
    range.append(leafHashOf((await log.events()).at(-1)!))
    const [head] = await log.seal()
    expect(head).toMatchObject({ size: 14, origin: `streamvane/${TENANT}/${await log.log.id()}/raw` })
    expect(sameHash(head!.root, range.root())).toBe(true)
  })

  test('signs no head of more new events than it may', async () => {
    const log = await sealedLog()
    await log.append(user, 10)
    expect((await log.seal({ everyEvents: 4 })).map(({ size }) => size)).toEqual([17, 21, 23])
    expect((await log.verify()).findings).toEqual([])
  })

  test('goes on where another process of the same key left off, with the hashes or without', async () => {
    const log = await sealedLog()
    log.loseHashes()
    await log.append(user, 2)
    expect((await log.seal()).map(({ size }) => size)).toEqual([15])
    expect(await log.verify()).toMatchObject({
      findings: [],
      trees: [{ tree: 'raw', state: 'whole', heads: 3, leaves: 15 }],
    })
  })

  test('stops at a head that another key signed, unless its key is accepted', async () => {
    const log = await sealedLog()
    await log.append(user, 1)
    await log.seal({
      key: otherKey,
      accepted: [otherKey.verifier, key.verifier],
    })
    expect(await changedBy(log)).toMatchObject([{ kind: 'head', tree: 'raw', size: 14 }])
  })
})

describe('sealing stops, and names the place', () => {
  const plantings: readonly (readonly [
    string,
    (log: SealedLog) => Promise<Tampering>,
    (events: readonly bigint[]) => object,
  ])[] = [
    [
      'at an event whose data was changed',
      async (log) => at((await log.events())[6]!.position, (event) => [{ ...event, data: Buffer.from('{"n":0}') }]),
      (positions) => ({ kind: 'changed', leaf: 6, position: positions[6], stream: user, revision: 1 }),
    ],
    [
      'at an event whose metadata was changed',
      async (log) => at((await log.events())[0]!.position, (event) => [{ ...event, metadata: Buffer.from('{}') }]),
      (positions) => ({ kind: 'changed', leaf: 0, position: positions[0] }),
    ],
    [
      'at an event that was removed',
      async (log) => at((await log.events())[7]!.position, () => []),
      (positions) => ({ kind: 'missing', leaf: 7, position: positions[7] }),
    ],
    [
      'at the last event, removed',
      async (log) => at((await log.events())[12]!.position, () => []),
      (positions) => ({ kind: 'missing', leaf: 12, position: positions[12] }),
    ],
    [
      'at an event that was added',
      async (log) =>
        at((await log.events())[3]!.position, (event) => [
          event,
          { ...event, revision: 99, position: event.position + 1n },
        ]),
      (positions) => ({ kind: 'added', leaf: 4, position: positions[3]! + 1n, revision: 99 }),
    ],
  ]

  test.each(plantings)('%s', async (_what, planted, wanted) => {
    const log = await sealedLog()
    const positions = (await log.events()).map(({ position }) => position)
    log.tampering = await planted(log)
    await log.append(user, 1)
    expect(await changedBy(log)).toMatchObject([wanted(positions)])
    expect((await log.verify()).findings).toMatchObject([wanted(positions)])
  })

  test.each(plantings)('between two heads where the kept hashes are lost: %s', async (_what, planted) => {
    const log = await sealedLog()
    log.tampering = await planted(log)
    log.loseHashes()
    const [finding] = await changedBy(log)
    expect(finding).toMatchObject({ kind: 'stretch', tree: 'raw' })
  })

  test('and signs nothing more', async () => {
    const log = await sealedLog()
    const { trees } = await log.verify()
    log.tampering = at((await log.events())[2]!.position, () => [])
    await log.append(user, 1)
    await changedBy(log)
    log.tampering = (event) => [event]
    expect((await log.verify()).trees[0]!.heads).toBe(trees[0]!.heads)
  })
})

describe('what was erased', () => {
  test('is told as erased, as recorded, with the kept hashes and without', async () => {
    const log = await sealedLog()
    await log.erase(user)
    const wanted = {
      findings: [],
      trees: [{ state: 'whole', erasures: [{ stream: user, leaves: 5, at: '2026-01-06T00:00:00.000Z' }] }],
    }
    expect(await log.verify()).toMatchObject(wanted)
    log.loseHashes()
    expect(await log.verify()).toMatchObject(wanted)
    await log.append(conversation, 1)
    expect((await log.seal()).map(({ size }) => size)).toEqual([15])
    expect(await log.verify()).toMatchObject(wanted)
  })

  test('before it was signed is part of the tree all the same', async () => {
    const log = await sealedLog()
    await log.append(`${TENANT}.02.user-v`, 2)
    await log.erase(`${TENANT}.02.user-v`)
    expect((await log.seal()).map(({ size }) => size)).toEqual([16])
    expect((await log.verify()).findings).toEqual([])
  })

  test('without a record of the erasure is a finding', async () => {
    const log = await sealedLog()
    await log.erase(user)
    log.tampering = (event) => (event.type === 'StreamErased' ? [] : [event])
    expect((await log.verify()).findings).toMatchObject([
      { kind: 'unrecorded-erasure', tree: 'raw', leaf: 5, stream: user },
    ])
  })

  test('by removing the events alone is a finding for each', async () => {
    const log = await sealedLog()
    await log.log.erase(user)
    expect((await log.verify()).findings).toMatchObject([5, 6, 7, 8, 9].map((leaf) => ({ kind: 'missing', leaf })))
  })
})

describe('two processes that sign', () => {
  test('with data folders of their own: the second head of the same moment is refused', async () => {
    const log = await sealedLog()
    const other = new SealedLog()
    made.push(other)
    // Two heads of one millisecond would be the same bytes, and the second append a repeat of the first.
    const open = (data: string, at: number): Promise<Sealing> =>
      Sealing.open({
        ...{ logs: log.logs, tenant: TENANT, data, key, accepted: [key.verifier], everyEvents: 1_000 },
        ...{ isHistoryChecked: true, now: () => at, signal: new AbortController().signal },
      })
    const now = Date.now()
    const [first, second] = [await open(log.data, now), await open(other.data, now + 1)]
    try {
      expect([await first.round(), await second.round()]).toEqual([[], []])
      await log.append(user, 1)
      expect(await first.round()).toHaveLength(1)
      await expect(second.round()).rejects.toBeInstanceOf(SealingSuperseded)
    } finally {
      await first.close()
      await second.close()
    }
    expect((await log.verify()).findings).toEqual([])
  })

  test('with the same data folder: the second is not begun', async () => {
    const log = await sealedLog()
    await log.append(user, 1)
    const inTheWay = log.seal({ onProgress: () => undefined })
    await expect(log.seal()).rejects.toBeInstanceOf(LogLocked)
    await inTheWay
  })
})

describe('a tree that is begun again', () => {
  test('signs the log as it is, under another origin, and keeps the heads of before', async () => {
    const log = await sealedLog()
    const [gone] = await log.events()
    log.tampering = at(gone!.position, () => [])
    await changedBy(log)
    await restartTree(log.logs, TENANT, { tree: 'raw', why: 'restored', at: '2026-01-05T09:00:00.000Z' })
    expect(await log.seal()).toMatchObject([
      { size: 12, origin: `streamvane/${TENANT}/${await log.log.id()}/raw-2`, previous: undefined },
    ])
    expect(await log.verify()).toMatchObject({ findings: [], trees: [{ tree: 'raw', heads: 1, leaves: 12 }] })
  })

  test('is one that was signed before', async () => {
    const log = await sealedLog()
    const restart = { tree: 'kpi-g9', why: 'none', at: '2026-01-05T09:00:00.000Z' }
    await expect(restartTree(log.logs, TENANT, restart)).rejects.toBeInstanceOf(NoSuchTree)
  })
})

test('a raw log that was put back to before the last head is not signed, and said to lack what was signed', async () => {
  const log = await sealedLog()
  const last = (await log.events()).at(-3)!.position
  log.tampering = (event) => (event.position > last && event.stream.startsWith(`${TENANT}.0`) ? [] : [event])
  expect(await changedBy(log)).toMatchObject([
    { kind: 'missing', leaf: 11 },
    { kind: 'missing', leaf: 12 },
  ])
})
