import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BLOCK_BYTES, ColdBlock, coldEntry, entryBytes } from '../../../../src/app/pipeline/projector/cold-block.js'
import { ColdTable } from '../../../../src/app/pipeline/projector/cold-table.js'
import { openSnapshotFile, type SnapshotTables } from '../../../../src/app/pipeline/projector/snapshot-file.js'
import type { SpilledEntries } from '../../../../src/projections/cells/cold-store.js'
import { jsonColdStore } from '../../../support/json-cold-store.js'
import { lawRuns } from '../../../support/law-runs.js'

let dir: string
let file: SnapshotTables
let table: ColdTable
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'streamvane-cold-'))
  file = openSnapshotFile(join(dir, 'state'))
  table = new ColdTable(file.coldStore)
})
afterEach(async () => {
  await file.root.close()
  await rm(dir, { recursive: true })
})

const save = async (entries: SpilledEntries): Promise<void> => {
  const blocks = table.blocksWith(entries)
  await file.root.batch(() => table.put(blocks))
  table.written()
}

const blocks = (): readonly Buffer[] => [...file.coldStore.getRange({})].map(({ value }) => value)

/** About a third of a block. */
const large = 'x'.repeat(BLOCK_BYTES / 3)

describe('the cold store in blocks', () => {
  test('answers as a map does that holds every entry that was saved, in any order, small and large', async () => {
    const key = fc.tuple(fc.constantFrom('cell/', 'states/'), fc.nat(60)).map(([prefix, n]) => `${prefix}${n}`)
    const entries = fc.array(fc.tuple(key, fc.oneof(fc.nat(), fc.constant(large))), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(fc.array(entries, { maxLength: 5 }), key, fc.nat(20), async (saves, after, max) => {
        await table.clear()
        const model = jsonColdStore()
        for (const changed of saves) {
          const distinct = Array.from(new Map(changed), ([key, data]) => ({ key, data }))
          await save(distinct)
          model.put(distinct)
        }
        for (const prefix of ['cell/', 'states/'])
          for (let n = 0; n <= 60; n++) expect(table.get(`${prefix}${n}`)).toEqual(model.get(`${prefix}${n}`))
        for (const from of [after, after.slice(0, after.indexOf('/') + 1)]) {
          const prefix = from.slice(0, from.indexOf('/') + 1)
          expect(table.keysAfter(prefix, from, max)).toEqual(model.keysAfter(prefix, from, max))
        }
      }),
      lawRuns(60),
    )
  })

  test('takes a tenth of the room of its entries where they resemble each other, saved at once or bit by bit', async () => {
    const cells = Array.from({ length: 4_000 }, (_, n) => {
      const key = `cell/${String(1767335400000 + 900_000 * (n >> 3)).padStart(15, '0')}/PT15M/agent-state/user-${n & 7}/routingStatus/IDLE`
      return { key, data: [null, 1767336300000 + 900_000 * (n >> 3), 'corrected', 'late', 2, 0, 0, [117, 1, 0, 0, 0]] }
    })
    for (let from = 0; from < cells.length; from += 500) await save(cells.slice(from, from + 500))
    const bytes = cells.reduce((sum, cell) => sum + entryBytes(coldEntry(cell)), 0)
    expect(blocks().reduce((sum, block) => sum + block.length, 0)).toBeLessThan(bytes / 10)
    for (const { key, data } of cells) expect(table.get(key)).toEqual(data)
  })

  test('keeps blocks small, whatever the order in which entries come', async () => {
    const keys = Array.from({ length: 200 }, (_, n) => `cell/${(n * 77) % 200}`)
    for (const key of keys) await save([{ key, data: 'x'.repeat(2_000) }])
    for (const block of blocks()) expect(ColdBlock.decode(block).length * 2_000).toBeLessThanOrEqual(BLOCK_BYTES)
    expect(blocks().length).toBeLessThan(30)
  })

  test('refuses a block that was changed', async () => {
    await save([{ key: 'cell/1', data: 'one' }])
    const [block] = blocks()
    for (let at = 0; at < (block as Buffer).length; at++) {
      const changed = Buffer.from(block as Buffer)
      changed[at] = (changed[at] as number) ^ 1
      expect(() => ColdBlock.decode(changed)).toThrow('checksum')
    }
  })
})
