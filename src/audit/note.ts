import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'

/**
 * Signed notes as the Go module proxy and the transparency logs use them (c2sp.org/signed-note): a text, a blank line,
 * and a line for each signature, `— <key name> <base64 of key id and signature>`. Signatures are Ed25519.
 *
 * A verifier key is `<name>+<key id in hex>+<base64 of 0x01 and the public key>`, a signer key
 * `PRIVATE+KEY+<name>+<key id>+<base64 of 0x01 and the seed>`: Go's `note.NewVerifier` and `note.NewSigner` read both.
 */
export type VerifierKey = Readonly<{ name: string; id: string; publicKey: KeyObject; text: string }>
export type SignerKey = Readonly<{ verifier: VerifierKey; privateKey: KeyObject }>

/** A line of a note that signs it. Lines of other algorithms, as those of witnesses, are kept and not looked at. */
export type NoteSignature = Readonly<{ name: string; id: string; signature: Uint8Array }>

/** `text` ends with a line feed and is what the signatures sign. */
export type Note = Readonly<{ text: string; signatures: readonly NoteSignature[] }>

/** A key or a note that is not of the format. The message says what is wrong and never holds key material. */
export class MalformedNote extends Error {
  override readonly name = 'MalformedNote'
}

const ALGORITHM_ED25519 = 1
const PRIVATE = 'PRIVATE+KEY+'
/** DER in front of the 32 bytes of an Ed25519 key (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const KEY_BYTES = 32
const SIGNATURE_PREFIX = '\u2014 '

const keyIdOf = (name: string, publicKey: Uint8Array): string =>
  createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(ALGORITHM_ED25519))
    .update(publicKey)
    .digest('hex')
    .slice(0, 8)

/** Printable without blanks; a plus sign separates the parts of a key. */
const KEY_NAME = /^[^\s+]+$/u

const verifierOf = (name: string, raw: Uint8Array): VerifierKey => {
  const id = keyIdOf(name, raw)
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
  const text = `${name}+${id}+${Buffer.concat([Buffer.of(ALGORITHM_ED25519), raw]).toString('base64')}`
  return { name, id, publicKey, text }
}

/** The key pair of a seed of 32 random bytes, with its two texts. Throws `MalformedNote`. */
export const signerKeyOf = (name: string, seed: Uint8Array): Readonly<{ signer: SignerKey; text: string }> => {
  if (!KEY_NAME.test(name)) throw new MalformedNote(`a key name holds no blank and no plus sign: ${name}`)
  if (seed.length !== KEY_BYTES) throw new MalformedNote('the seed of a key has 32 bytes')
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  const raw = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length)
  const verifier = verifierOf(name, raw)
  const keyData = Buffer.concat([Buffer.of(ALGORITHM_ED25519), seed]).toString('base64')
  return { signer: { verifier, privateKey }, text: `${PRIVATE}${name}+${verifier.id}+${keyData}` }
}

/** Reads a signer key. Throws `MalformedNote`, whose message does not hold the key. */
export const parseSignerKey = (text: string): SignerKey => {
  const parts = text.trim().startsWith(PRIVATE) ? keyParts(text.trim().slice(PRIVATE.length)) : undefined
  if (parts === undefined)
    throw new MalformedNote('a signer key reads PRIVATE+KEY+name+id+data; streamvane audit keygen makes one')
  const { signer } = signerKeyOf(parts.name, parts.key)
  if (signer.verifier.id !== parts.id) throw new MalformedNote('the id of the signer key is not that of its data')
  return signer
}

/** Reads a verifier key. Throws `MalformedNote`. */
export const parseVerifierKey = (text: string): VerifierKey => {
  const parts = keyParts(text.trim())
  if (parts === undefined || text.startsWith(PRIVATE))
    throw new MalformedNote(
      text.startsWith(PRIVATE)
        ? 'this is a signer key, which stays secret; a verifier key is wanted'
        : `not a verifier key (name+id+data): ${text.trim().slice(0, 200)}`,
    )
  const verifier = verifierOf(parts.name, parts.key)
  if (verifier.id !== parts.id)
    throw new MalformedNote(`the id ${parts.id} of the verifier key ${parts.name} is not that of its data`)
  return verifier
}

const keyParts = (text: string): Readonly<{ name: string; id: string; key: Uint8Array }> | undefined => {
  const [, name, id, data] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text) ?? []
  const bytes = data === undefined ? undefined : base64Of(data)
  if (name === undefined || id === undefined || bytes === undefined) return undefined
  if (bytes.length !== 1 + KEY_BYTES || bytes[0] !== ALGORITHM_ED25519) return undefined
  return { name, id, key: bytes.subarray(1) }
}

/** The bytes of canonical base64; `undefined` for anything else, so that no other text stands for the same bytes. */
export const base64Of = (text: string): Uint8Array | undefined => {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** Signs a text that ends with a line feed and has no blank line at its end. */
export const signNote = (text: string, { verifier, privateKey }: SignerKey): string => {
  const signature = sign(null, Buffer.from(text), privateKey)
  const data = Buffer.concat([Buffer.from(verifier.id, 'hex'), signature]).toString('base64')
  return `${text}\n${SIGNATURE_PREFIX}${verifier.name} ${data}\n`
}

/** Reads a note without checking its signatures; `undefined` if it is none. */
export const parseNote = (note: string): Note | undefined => {
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) return undefined
  const lines = note.slice(end + 2, -1).split('\n')
  const signatures = lines.map(signatureOf)
  if (!signatures.every((each) => each !== undefined)) return undefined
  return { text: note.slice(0, end + 1), signatures }
}

const signatureOf = (line: string): NoteSignature | undefined => {
  const [, name, data] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+=*)$/u.exec(line) ?? []
  const bytes = data === undefined ? undefined : base64Of(data)
  if (name === undefined || bytes === undefined || bytes.length < 5) return undefined
  return { name, id: Buffer.from(bytes.subarray(0, 4)).toString('hex'), signature: bytes.subarray(4) }
}

/**
 * Whether one of the keys signed the note: its name, or why it does not count. A signature that names an accepted key
 * and is wrong spoils the note, even beside a right one.
 */
export const signerOf = (
  { text, signatures }: Note,
  keys: readonly VerifierKey[],
): Readonly<{ signedBy: string }> | Readonly<{ refused: string }> => {
  let signedBy: string | undefined
  for (const { name, id, signature } of signatures) {
    const key = keys.find((each) => each.name === name && each.id === id)
    if (key === undefined) continue
    if (!verify(null, Buffer.from(text), key.publicKey, signature))
      return { refused: `the signature of ${name}+${id} is wrong` }
    signedBy ??= `${name}+${id}`
  }
  if (signedBy !== undefined) return { signedBy }
  const named = signatures.map(({ name, id }) => `${name}+${id}`).join(', ')
  return { refused: `it is signed by none of the accepted keys, but by ${named}` }
}
