import { appendFileSync, mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { TileStore } from '../../../../src/app/operations/audit/tile-store.js'
import { CompactRange, leafHash, rootAt, sameHash } from '../../../../src/audit/merkle.js'

const folders: string[] = []
const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-tiles-'))
  folders.push(dir)
  return dir
}
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true })
})

const filled = (dir: string, count: number): Readonly<{ tiles: TileStore; roots: readonly Uint8Array[] }> => {
  const tiles = TileStore.open(dir, 'write')!
  const range = new CompactRange()
  const roots = [range.root()]
  for (let index = 0; index < count; index++) {
    range.append(leafHash(Buffer.from(String(index))), (level, _, hash) => tiles.add(level, hash))
    tiles.addPosition(BigInt(index * 3 + 7))
    roots.push(range.root())
  }
  tiles.flush()
  return { tiles, roots }
}

describe('the hashes of a tree in files', () => {
  test('give the root at every size, across the levels that are kept, also when they are opened again', () => {
    const dir = folder()
    const { tiles, roots } = filled(dir, 700)
    tiles.close()
    const again = TileStore.open(dir, 'read')!
    expect(again.size).toBe(700)
    for (const size of [1, 2, 255, 256, 257, 511, 512, 513, 700])
      expect(
        sameHash(
          rootAt(size, (level, index) => again.node(level, index)),
          roots[size]!,
        ),
      ).toBe(true)
    again.close()
  })

  test('find a leaf by the position of its event', () => {
    const { tiles } = filled(folder(), 300)
    expect([7n, 10n, 904n].map((position) => tiles.indexOf(position, 300))).toEqual([0, 1, 299])
    expect([6n, 8n, 905n].map((position) => tiles.indexOf(position, 300))).toEqual([undefined, undefined, undefined])
    expect(tiles.indexOf(904n, 299)).toBeUndefined()
    tiles.close()
  })

  test('are as many as are whole in every file, wherever a write was cut short', () => {
    const dir = folder()
    filled(dir, 600).tiles.close()
    truncateSync(join(dir, 'positions'), 590 * 8 + 3)
    truncateSync(join(dir, 'level-8'), 32 + 5)
    appendFileSync(join(dir, 'level-16'), 'torn')
    const tiles = TileStore.open(dir, 'write')!
    expect(tiles.size).toBe(511)
    tiles.truncate(300)
    expect(tiles.size).toBe(300)
    tiles.close()
  })

  test('are none where no folder is', () => {
    expect(TileStore.open(join(folder(), 'nowhere'), 'read')).toBeUndefined()
  })
})
