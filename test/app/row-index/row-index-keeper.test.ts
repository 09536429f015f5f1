import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { RowIndex } from '../../../src/app/row-index/row-index.js'
import { RowIndexKeeper } from '../../../src/app/row-index/row-index-keeper.js'
import { at, logOf, sales } from '../reconcile/fixtures.js'

const keeperIn = async () => {
  const data = await mkdtemp(join(tmpdir(), 'streamvane-row-index-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const kpi = await logOf([sales(at(0), { nOffered: 1 })], [sales(at(1), { nOffered: 2 })])
  const said: unknown[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => said.push(JSON.parse(line)) })
  const of = { kpi, tenant: 't', generation: 'g1', data }
  return { of, keeper: new RowIndexKeeper(of, logger), said, file: join(data, 'state', 't.g1.rows') }
}

test('the index is brought up to date once twenty thousand rows were appended, and not before', async () => {
  const { of, keeper, said, file } = await keeperIn()
  keeper.grown(19_999)
  expect(existsSync(file)).toBe(false)
  keeper.grown(20_000)
  await keeper.settled()
  const index = await RowIndex.open(of)
  expect(index.through).toBe(3)
  await index.close()
  expect(said).toEqual([])
})

test('an index that cannot be written is said once, and not tried again', async () => {
  const { of, keeper, said } = await keeperIn()
  await writeFile(join(of.data, 'state'), 'a file where a folder should be')
  for (const rows of [20_000, 40_000, 60_000]) {
    keeper.grown(rows)
    await keeper.settled()
  }
  expect(said).toMatchObject([{ msg: expect.stringContaining('the index of rows cannot be written') as unknown }])
  await keeper.close()
})
