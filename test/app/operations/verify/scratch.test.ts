import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Scratch, ScratchColdStore } from '../../../../src/app/operations/verify/scratch.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streamvane-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a scratch file', () => {
  test('is made when something is put first, keeps it, and has no name meanwhile: a killed process leaves nothing', async () => {
    const scratch = new Scratch(folder)
    const cold = new ScratchColdStore(scratch)
    expect(cold.store.get('cell/a')).toBeUndefined()
    await cold.put([
      { key: 'cell/a', data: [1, 'x'] },
      { key: 'cell/b', data: { n: 2 } },
    ])
    if (process.platform !== 'win32') expect(await readdir(folder)).toEqual([])
    await cold.put([{ key: 'cell/a', data: [3, 'y'] }])
    expect(cold.store.get('cell/a')).toEqual([3, 'y'])
    expect(cold.store.get('cell/b')).toEqual({ n: 2 })
    expect(cold.store.keysAfter('cell/', 'cell/', 10)).toEqual(['cell/a', 'cell/b'])
    await scratch.close()
    expect(await readdir(folder)).toEqual([])
  })

  test('is in the folder for temporary files where the data folder cannot be written', async () => {
    const scratch = new Scratch(join(folder, 'not there'))
    const table = scratch.table<string>('any', 'msgpack')
    await table.put('a', 'b')
    expect(table.get('a')).toBe('b')
    await scratch.close()
    expect(await readdir(folder)).toEqual([])
  })
})
