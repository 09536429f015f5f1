import { afterEach, describe, expect, test } from 'vitest'
import { NotProved, proveConsistency, proveEvent, type Subject } from '../../../../src/app/operations/audit/prove.js'
import { verifyProof } from '../../../../src/app/operations/audit/verify-proof.js'
import { key, otherKey, SealedLog, TENANT } from './sealed-log.js'

const conversation = `${TENANT}.00.conversation-c`

let made: SealedLog[] = []
afterEach(() => {
  for (const log of made) log.close()
  made = []
})

const sealedLog = async (): Promise<SealedLog> => {
  const log = new SealedLog()
  made.push(log)
  await log.append(conversation, 5)
  await log.seal()
  await log.append(`${TENANT}.01.user-u`, 4)
  await log.seal()
  return log
}

const options = ({ logs, data }: SealedLog, keys = [key.verifier]) => ({
  ...{ logs, tenant: TENANT, data, keys },
  signal: new AbortController().signal,
})

describe('a proof of an event', () => {
  test('holds for every event, named by position, place or id, with the kept hashes and without', async () => {
    const log = await sealedLog()
    for (const { position, stream, revision, id } of await log.events()) {
      const subjects: readonly Subject[] = [
        { kind: 'position', position, tree: 'raw' },
        { kind: 'stream', stream, revision, tree: 'raw' },
        { kind: 'id', id, tree: 'raw' },
      ]
      const [proof, ...others] = [...(await Promise.all(subjects.map((subject) => proveEvent(options(log), subject))))]
      expect(others).toEqual([proof, proof])
      expect(verifyProof(proof!, [key.verifier])).toMatchObject({
        ...{ kind: 'event', fault: null },
        event: { stream, revision, position: String(position), id },
      })
    }
    const [first] = await log.events()
    const before = await proveEvent(options(log), { kind: 'position', position: first!.position, tree: 'raw' })
    log.loseHashes()
    expect(await proveEvent(options(log), { kind: 'position', position: first!.position, tree: 'raw' })).toBe(before)
  })

  test('does not hold with any character of it changed, nor for another key', async () => {
    const log = await sealedLog()
    const [, event] = await log.events()
    const proof = await proveEvent(options(log), { kind: 'position', position: event!.position, tree: 'raw' })
    for (let at = 0; at < proof.length; at++) {
      const changed = `${proof.slice(0, at)}${proof[at] === 'A' ? 'B' : 'A'}${proof.slice(at + 1)}`
      expect([at, verifyProof(changed, [key.verifier]).fault]).toEqual([at, expect.any(String)])
    }
    expect(verifyProof(proof, [otherKey.verifier]).fault).toMatch(/none of the accepted keys/)
  })

  test('is not made of an event that is not signed yet, or does not exist', async () => {
    const log = await sealedLog()
    await log.append(conversation, 1)
    const position = (await log.events()).at(-1)!.position
    await expect(proveEvent(options(log), { kind: 'position', position, tree: 'raw' })).rejects.toThrow(
      /after the last head/,
    )
    await expect(proveEvent(options(log), { kind: 'position', position: 1n, tree: 'raw' })).rejects.toBeInstanceOf(
      NotProved,
    )
  })
})

describe('a proof of consistency', () => {
  test('holds between two heads, and not with any character changed', async () => {
    const log = await sealedLog()
    const proof = await proveConsistency(options(log), { tree: 'raw', from: 5, to: undefined })
    expect(verifyProof(proof, [key.verifier])).toMatchObject({
      kind: 'consistency',
      fault: null,
      from: { size: 5 },
      to: { size: 9 },
    })
    const lines = proof.split('\n')
    for (const [nth, line] of lines.entries()) {
      const at = line.search(/[A-Za-z0-9](?=[A-Za-z0-9+/=]{5,})/)
      if (at < 0 || line.includes('"format"')) continue
      const changed = [...lines]
      changed[nth] = `${line.slice(0, at + 3)}${line[at + 3] === 'x' ? 'y' : 'x'}${line.slice(at + 4)}`
      expect([nth, verifyProof(changed.join('\n'), [key.verifier]).fault]).toEqual([nth, expect.any(String)])
    }
  })

  test('is not made for a size that no head has', async () => {
    const log = await sealedLog()
    await expect(proveConsistency(options(log), { tree: 'raw', from: 4, to: 9 })).rejects.toBeInstanceOf(NotProved)
  })
})

test('a file that is no proof is said to be none', () => {
  expect(verifyProof('hello', [key.verifier])).toMatchObject({ kind: 'none' })
})
