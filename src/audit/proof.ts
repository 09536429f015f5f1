import { encodeItem, decodeItem, type Item, type Told } from './export/block.js'
import { isIncluded, type Hash } from './merkle.js'
import { base64Of, type VerifierKey } from './note.js'
import { hashOf, headFault, parseHead, type SignedHead } from './tree-head.js'

/**
 * A proof that one event is a leaf of a signed tree (c2sp.org/tlog-proof): the event as an item of an export in `extra`,
 * the index of its leaf, the hashes from there to the root, and the head.
 */
export type InclusionProof = Readonly<{ item: Item; index: number; path: readonly Hash[]; head: SignedHead }>

export const encodeProof = (told: Told, index: number, path: readonly Hash[], head: SignedHead): string =>
  [
    'c2sp.org/tlog-proof@v1',
    `extra ${encodeItem(told).toString('base64')}`,
    `index ${index}`,
    ...path.map((hash) => Buffer.from(hash).toString('base64')),
    '',
    head.note,
  ].join('\n')

/** Reads a proof; `undefined` if the text is none. Nothing is checked yet. */
export const decodeProof = (text: string): InclusionProof | undefined => {
  const [, extra, index, hashes, note] =
    /^c2sp\.org\/tlog-proof@v1\nextra ([A-Za-z0-9+/=]+)\nindex (0|[1-9]\d*)\n((?:[A-Za-z0-9+/=]+\n)*)\n([^]+)$/.exec(
      text,
    ) ?? []
  const bytes = extra === undefined ? undefined : base64Of(extra)
  const item = bytes === undefined ? undefined : decodeItem(bytes)
  const head = note === undefined ? undefined : parseHead(note)
  const path = hashes?.split('\n').slice(0, -1).map(hashOf)
  if (item === undefined || head === undefined || path === undefined || !path.every((each) => each !== undefined))
    return undefined
  return { item, index: Number(index), path, head }
}

/** Why the proof proves nothing; `undefined` if it holds for a head that one of the keys signed. */
export const proofFault = (
  { item, index, path, head }: InclusionProof,
  keys: readonly VerifierKey[],
): string | undefined => {
  const fault = headFault(head, head.origin, keys)
  if (fault !== undefined) return `its head does not count: ${fault}`
  if (item.entry === undefined) return 'the event in it cannot be read'
  if (!isIncluded(index, head.size, item.hash, path, head.root))
    return `the event is not leaf ${index} of the tree of that head: the event, its place or the proof was changed`
  return undefined
}

/** That one signed tree is the beginning of another. */
export type Consistency = Readonly<{ from: SignedHead; to: SignedHead; path: readonly Hash[] }>

const CONSISTENCY_FORMAT = 'streamvane consistency proof v1'

export const encodeConsistency = ({ from, to, path }: Consistency): string =>
  `${JSON.stringify(
    {
      format: CONSISTENCY_FORMAT,
      from: from.note,
      to: to.note,
      path: path.map((hash) => Buffer.from(hash).toString('base64')),
    },
    undefined,
    2,
  )}\n`

/** Reads a consistency proof; `undefined` if the text is none. */
export const decodeConsistency = (text: string): Consistency | undefined => {
  try {
    const read = JSON.parse(text) as Readonly<{ format: string; from: string; to: string; path: readonly string[] }>
    const [from, to, path] = [parseHead(read.from), parseHead(read.to), read.path.map(hashOf)]
    if (read.format !== CONSISTENCY_FORMAT || from === undefined || to === undefined) return undefined
    return path.every((each) => each !== undefined) ? { from, to, path } : undefined
  } catch {
    return undefined
  }
}
