import { hash } from 'node:crypto'
import type { Position } from '../log/event-log.js'
import { HASH_BYTES, type Hash } from './merkle.js'
import { base64Of, parseNote, signerOf, signNote, type SignerKey, type VerifierKey } from './note.js'

/**
 * A signed head: the state of a tree at a size (c2sp.org/tlog-checkpoint). `origin` names the tree of one log for ever.
 * `at` is the signer's clock, ISO 8601. `through` is the position of the last leaf. `previous` is the SHA-256 of the
 * note of the head before it; `undefined` for the first head of a tree.
 */
export type TreeHead = Readonly<{
  origin: string
  size: number
  root: Hash
  at: string
  through: Position
  previous: Hash | undefined
}>

/** A head and the note that it was read from. */
export type SignedHead = TreeHead & Readonly<{ note: string }>

/** The text that is signed: the three lines of a checkpoint, and ours behind them. */
const textOf = ({ origin, size, root, at, through, previous }: TreeHead): string =>
  [
    ...[origin, String(size), base64(root), `at ${at}`, `through ${through}`],
    ...(previous === undefined ? [] : [`previous ${base64(previous)}`]),
    '',
  ].join('\n')

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

export const signHead = (head: TreeHead, key: SignerKey): SignedHead => ({ ...head, note: signNote(textOf(head), key) })

/** Names a head: the next one holds this. */
export const headDigest = ({ note }: SignedHead): Hash => hash('sha256', note, 'buffer')

/** Reads a head and does not look at its signatures; `undefined` if the note is none of ours. */
export const parseHead = (note: string): SignedHead | undefined => {
  const text = parseNote(note)?.text
  const [, origin, size, root, at, through, previous] = HEAD.exec(text ?? '') ?? []
  if (origin === undefined || root === undefined || at === undefined) return undefined
  const [rootHash, previousHash] = [hashOf(root), previous === undefined ? undefined : hashOf(previous)]
  if (rootHash === undefined || (previous !== undefined && previousHash === undefined)) return undefined
  if (!Number.isSafeInteger(Number(size))) return undefined
  return { origin, size: Number(size), root: rootHash, at, through: BigInt(through!), previous: previousHash, note }
}

const HEAD =
  /^([^\n]+)\n(0|[1-9]\d*)\n([A-Za-z0-9+/=]+)\nat (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\nthrough (0|[1-9]\d*)\n(?:previous ([A-Za-z0-9+/=]+)\n)?$/

/** The hash that canonical base64 stands for; `undefined` for any other text or length. */
export const hashOf = (text: string): Hash | undefined => {
  const bytes = base64Of(text)
  return bytes?.length === HASH_BYTES ? bytes : undefined
}

/** Why the head does not count: another tree, or no accepted signature; `undefined` if it does. */
export const headFault = (head: SignedHead, origin: string, keys: readonly VerifierKey[]): string | undefined => {
  if (head.origin !== origin) return `it is of another tree: ${head.origin}`
  const note = parseNote(head.note)
  const answer = note === undefined ? { refused: 'it is no signed note' } : signerOf(note, keys)
  return 'refused' in answer ? answer.refused : undefined
}
