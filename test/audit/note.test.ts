import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  MalformedNote,
  parseNote,
  parseSignerKey,
  parseVerifierKey,
  signerKeyOf,
  signerOf,
  signNote,
} from '../../src/audit/note.js'

/** The example of Go's package golang.org/x/mod/sumdb/note. */
const GO = {
  signer: 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  verifier: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  signature:
    '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
}

const key = (name: string, byte: number): ReturnType<typeof signerKeyOf> =>
  signerKeyOf(name, new Uint8Array(32).fill(byte))

describe('a signed note', () => {
  test("is signed to the bytes of the example in Go's note package, with its key", () => {
    expect(signNote(GO.text, parseSignerKey(GO.signer))).toBe(`${GO.text}\n${GO.signature}`)
    expect(parseSignerKey(GO.signer).verifier.text).toBe(GO.verifier)
  })

  test("that Go's note package signed is accepted by its verifier key", () => {
    const note = parseNote(`${GO.text}\n${GO.signature}`)!
    expect(note.text).toBe(GO.text)
    expect(signerOf(note, [parseVerifierKey(GO.verifier)])).toEqual({ signedBy: 'PeterNeumann+c74f20a3' })
  })

  test('is refused with any one bit of text or signature changed, unless it is no note any more', () => {
    const { signer } = key('acme', 1)
    const bytes = Buffer.from(signNote('origin\n3\nroot\n', signer))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      const note = parseNote(changed.toString('utf8'))
      if (note !== undefined) expect(signerOf(note, [signer.verifier])).toHaveProperty('refused')
    }
  })

  test('counts where an accepted key signed it beside a witness that is not known', () => {
    const [ours, witness] = [key('acme', 1).signer, key('witness.example', 2).signer]
    const text = 'origin\n3\nroot\n'
    const cosigned = `${signNote(text, ours)}${signNote(text, witness).slice(text.length + 1)}`
    expect(signerOf(parseNote(cosigned)!, [ours.verifier])).toEqual({ signedBy: `acme+${ours.verifier.id}` })
    expect(signerOf(parseNote(cosigned)!, [key('acme', 3).signer.verifier])).toHaveProperty('refused')
  })

  test('of either key is accepted while a key is rotated', () => {
    const [old, next] = [key('acme-2026', 1).signer, key('acme-2027', 2).signer]
    const keys = [old.verifier, next.verifier]
    for (const signer of [old, next])
      expect(signerOf(parseNote(signNote('text\n', signer))!, keys)).toHaveProperty('signedBy')
  })
})

describe('keys', () => {
  test('are read back from their texts, for any seed and name', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.stringMatching(/^[a-z0-9./-]{1,40}$/),
        (seed, name) => {
          const { signer, text } = signerKeyOf(name, seed)
          expect(parseSignerKey(text).verifier.text).toBe(signer.verifier.text)
          expect(parseVerifierKey(signer.verifier.text).id).toBe(signer.verifier.id)
        },
      ),
      { numRuns: 25 },
    )
  })

  test.each([
    ['another id', GO.verifier.replace('c74f20a3', 'c74f20a4')],
    ['another name', GO.verifier.replace('Peter', 'Paul')],
    ['a signer key', GO.signer],
    ['a key cut short', GO.verifier.slice(0, -4)],
    ['no key', 'hello'],
  ])('are refused: %s in place of a verifier key', (_what, text) => {
    expect(() => parseVerifierKey(text)).toThrow(MalformedNote)
  })

  test('never stand in the message of an error', () => {
    const damaged = GO.signer.replace('c74f20a3', '00000000')
    expect(() => parseSignerKey(damaged)).toThrow(/^(?!.*AYEKFALV)/s)
    expect(() => parseVerifierKey(GO.signer)).toThrow(/^(?!.*AYEKFALV)/s)
  })
})
