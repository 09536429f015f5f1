import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import type { DataKey } from '../../../src/log/encryption/data-key.js'
import type { KeyStore } from '../../../src/log/encryption/key-store.js'
import { masterKeysIn } from '../../../src/log/encryption/master-key.js'
import { folder, masterText, storeIn } from './rig.js'

const keyOf = (store: KeyStore, stream: string): DataKey => {
  const [key] = store.ofStreams([stream])
  if (key === undefined || key === 'destroyed') throw new Error(`${stream} has no key`)
  return key
}
const hexOf = (store: KeyStore, stream: string): string => keyOf(store, stream).key.toString('hex')
const KEYS = 'data-keys'

describe('the keys of a log', () => {
  test('each stream has one of its own, the same in every process and after a restart', () => {
    const dir = folder()
    const [one, other] = [storeIn(dir), storeIn(dir)]
    expect(hexOf(one, 'a')).not.toBe(hexOf(one, 'b'))
    expect(hexOf(other, 'b')).toBe(hexOf(one, 'b'))
    expect(hexOf(other, 'c')).toBe(hexOf(one, 'c'))
    expect(hexOf(storeIn(dir), 'a')).toBe(hexOf(one, 'a'))
    expect(storeIn(dir).at(keyOf(one, 'b').number, 'b')).toMatchObject({ key: keyOf(one, 'b').key })
  })

  test('an index that was lost is made again from the key file', async () => {
    const dir = folder()
    const before = storeIn(dir)
    const keys = ['a', 'b', 'c'].map((stream) => hexOf(before, stream))
    before.destroy('b')
    await before.close()
    rmSync(join(dir, 'index'), { recursive: true })
    const after = storeIn(dir)
    expect([hexOf(after, 'a'), after.ofStreams(['b'])[0], hexOf(after, 'c')]).toEqual([keys[0], 'destroyed', keys[2]])
  })

  test('a key that was destroyed is in no file of the folder, and comes back neither by name nor by number', () => {
    const dir = folder()
    const store = storeIn(dir)
    for (const stream of ['a', 'b', 'c']) keyOf(store, stream)
    const { number } = keyOf(store, 'b')
    const wrapped = readFileSync(join(dir, KEYS)).subarray(128 * (number + 1) + 41, 128 * (number + 1) + 81)
    const holders = (): readonly string[] =>
      readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(
        (name) => statSync(join(dir, name)).isFile() && readFileSync(join(dir, name)).includes(wrapped),
      )
    expect(holders()).toEqual([KEYS])
    expect([store.destroy('b'), store.destroy('b')]).toEqual([true, false])
    expect(holders()).toEqual([])
    for (const each of [store, storeIn(dir)]) {
      expect(each.ofStreams(['a', 'b']).map((key) => key === 'destroyed')).toEqual([false, true])
      expect(each.at(number, 'b')).toBe('destroyed')
      expect([each.isDestroyed('a'), each.isDestroyed('b')]).toEqual([false, true])
    }
  })

  test('are wrapped anew by a new master key, after which the old one is not needed', async () => {
    const dir = folder()
    const streams = Array.from({ length: 1_030 }, (_, n) => `stream ${n}`)
    const before = storeIn(dir, 1)
    const keys = before.ofStreams(streams).map((key) => (key === 'destroyed' ? key : key.key.toString('hex')))
    before.destroy('stream 7')
    const during = storeIn(dir, 2, 1)
    const done: number[] = []
    expect(await during.rewrap((n) => done.push(n), new AbortController().signal)).toBe(1_029)
    expect(done).toEqual([1_024, 1_030])
    expect(await during.rewrap(() => undefined, new AbortController().signal)).toBe(0)
    const after = storeIn(dir, 2)
    expect(after.ofStreams(streams).map((key) => (key === 'destroyed' ? key : key.key.toString('hex')))).toEqual(
      keys.with(7, 'destroyed'),
    )
    expect(after.counts()).toMatchObject({ keys: 1_029, destroyed: 1, damaged: 0 })
  }, 60_000)

  test('a rewrapping that died between its draft and the file is finished by the next process', async () => {
    const dir = folder()
    const store = storeIn(dir, 1)
    for (const stream of ['a', 'b', 'c']) keyOf(store, stream)
    copyFileSync(join(dir, KEYS), join(dir, 'before'))
    const keys = ['a', 'b', 'c'].map((stream) => hexOf(store, stream))
    await storeIn(dir, 2, 1).rewrap(() => undefined, new AbortController().signal)
    const after = readFileSync(join(dir, KEYS))
    // The second place was being written when the power went.
    const torn = Buffer.concat([readFileSync(join(dir, 'before')).subarray(0, 300), after.subarray(300, 310)])
    const places = Buffer.concat(
      [0, 1, 2].map((n) => Buffer.concat([Buffer.of(0, 0, 0, 0, 0, n), after.subarray(128 * (n + 1), 128 * (n + 2))])),
    )
    writeFileSync(join(dir, KEYS), Buffer.concat([torn, readFileSync(join(dir, 'before')).subarray(310)]))
    expect(() => storeIn(dir, 2, 1).at(1, 'b')).toThrow(/fails its checksum.*rekey/)
    const draft = join(dir, `${KEYS}.rewrapping`)
    writeFileSync(draft, Buffer.concat([Buffer.alloc(32), places]))
    expect(() => hexOf(storeIn(dir, 2, 1), 'b')).toThrow(/fails its checksum/)
    expect(readdirSync(dir)).not.toContain(`${KEYS}.rewrapping`)
    writeFileSync(draft, Buffer.concat([sha256(places), places]))
    expect(['a', 'b', 'c'].map((stream) => hexOf(storeIn(dir, 2, 1), stream))).toEqual(keys)
  })
})

describe('keys that cannot be used are refused with what to do', () => {
  test('a master key that the configuration does not have is named', () => {
    const dir = folder()
    keyOf(storeIn(dir, 1), 'a')
    const { id } = masterKeysIn(masterText(1))[0]
    expect(() => storeIn(dir, 2)).toThrow(new RegExp(`wrapped by master key ${id}.*write that key behind the newest`))
  })

  test('a key file that is gone, of another log, or an older copy', async () => {
    const [dir, other] = [folder(), folder()]
    const store = storeIn(dir)
    keyOf(store, 'a')
    copyFileSync(join(dir, KEYS), join(dir, 'older'))
    const { number } = keyOf(store, 'b')
    keyOf(storeIn(other), 'x')
    keyOf(storeIn(other), 'y')
    await store.close()
    copyFileSync(join(other, KEYS), join(dir, KEYS))
    expect(() => storeIn(dir).at(number, 'b')).toThrow(/belongs to another log/)
    copyFileSync(join(dir, 'older'), join(dir, KEYS))
    expect(() => storeIn(dir).at(number, 'b')).toThrow(/it has no key 1: it is of another log, or an older copy/)
    expect(() => keyOf(storeIn(dir), 'c')).toThrow(/it holds 1 keys, and there were 2: an older copy/)
    rmSync(join(dir, KEYS))
    expect(() => storeIn(dir)).toThrow(/it is gone\. Put the newest copy there/)
    writeFileSync(join(dir, KEYS), 'something else')
    expect(() => storeIn(dir)).toThrow(/it is no key file/)
  })

  test('a key that was changed in its place, or moved to another', () => {
    const dir = folder()
    const store = storeIn(dir)
    for (const stream of ['a', 'b']) keyOf(store, stream)
    const bytes = readFileSync(join(dir, KEYS))
    const swapped = Buffer.concat([bytes.subarray(0, 128), bytes.subarray(256), bytes.subarray(128, 256)])
    writeFileSync(join(dir, KEYS), swapped)
    expect(() => storeIn(dir).at(0, 'a')).toThrow(/of another stream/)
    expect(() => storeIn(dir).at(0, 'b')).toThrow(/key 0 was changed/)
    bytes[128 + 60]! ^= 1
    writeFileSync(join(dir, KEYS), bytes)
    expect(() => storeIn(dir).at(0, 'a')).toThrow(/key 0 fails its checksum/)
  })

  test.each(['', 'short', Buffer.alloc(31).toString('base64'), `${masterText(1)}x`])(
    'the text %j is no master key',
    (text) => {
      expect(() => masterKeysIn(text)).toThrow(/32 random bytes in base64/)
    },
  )
})

test('a process that is killed while it makes keys loses none that it had told of, and the next one goes on', async () => {
  const dir = folder()
  const told = new Map<string, string>()
  for (let life = 0; life < 2; life++) {
    const child = spawn(process.execPath, [
      ...['--import', 'tsx', join(import.meta.dirname, 'key-child.ts')],
      ...[dir, masterText(1), String(1_000 * life)],
    ])
    let lines = 0
    for await (const line of createInterface({ input: child.stdout })) {
      const [n = '', number = '', key = ''] = line.split(' ')
      if (key.length === 64) told.set(`t.00.conversation-${n}`, `${number} ${key}`)
      if (++lines === 20 + 7 * life) child.kill('SIGKILL')
    }
    // What a kill cannot do but a power cut can: half of a place at the end.
    truncateSync(join(dir, KEYS), statSync(join(dir, KEYS)).size + 50)
  }
  const store = storeIn(dir)
  expect(told.size).toBeGreaterThanOrEqual(47)
  for (const [stream, key] of told) expect(`${keyOf(store, stream).number} ${hexOf(store, stream)}`).toBe(key)
  const numbers = [...told.values()].map((key) => key.split(' ')[0])
  expect(new Set(numbers).size).toBe(numbers.length)
}, 120_000)

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
