import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { consistencyProof, inclusionProof } from '../../../audit/merkle.js'
import type { VerifierKey } from '../../../audit/note.js'
import { encodeConsistency, encodeProof } from '../../../audit/proof.js'
import type { SignedHead } from '../../../audit/tree-head.js'
import { familyOf, readHeader } from '../../../contract/kpi-stream/stored.js'
import { isFamilyName } from '../../../domain/family.js'
import { granularities } from '../../../domain/granularity.js'
import type { RecordedEvent } from '../../../log/event-log.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { rowEvents } from '../../row-index/row-events.js'
import { chosenGeneration, computedGenerations } from '../computed.js'
import { headsOf, readSignedHeads, type SignedTree } from './signed-heads.js'
import { tilesForReading } from './signed-tiles.js'
import type { TileStore } from './tile-store.js'
import { kpiTree, RAW_TREE, treesOf, type SealedTree } from './trees.js'

/**
 * What a proof is about: a revision of a row (of the live generation, if none is named), or an event of a tree by its
 * position, its place in a stream or its id. An id is looked for in the whole tree.
 */
export type Subject =
  | Readonly<{ kind: 'row'; key: string; revision: number; generation: string | undefined }>
  | Readonly<{ kind: 'position'; position: bigint; tree: string }>
  | Readonly<{ kind: 'stream'; stream: string; revision: number; tree: string }>
  | Readonly<{ kind: 'id'; id: string; tree: string }>

/** An event of a tree as people name it: its position, its `stream@revision` or its id. */
export const eventSubject = (event: string, tree: string): Subject => {
  if (/^\d+$/.test(event)) return { kind: 'position', position: BigInt(event), tree }
  const [, stream, at] = /^(.+)@(\d+)$/.exec(event) ?? []
  return stream === undefined
    ? { kind: 'id', id: event.toLowerCase(), tree }
    : { kind: 'stream', stream, revision: Number(at), tree }
}

export type ProveOptions = Readonly<{
  logs: Logs
  tenant: string
  data: string
  keys: readonly VerifierKey[]
  signal: AbortSignal
}>

/** There is no proof: no such event, or nothing that speaks of it is signed yet. */
export class NotProved extends Error {
  override readonly name = 'NotProved'
}

/** A proof that one event is in the log, under the last head of its tree: the text of a `.tlog-proof` file. */
export const proveEvent = async (options: ProveOptions, subject: Subject): Promise<string> => {
  const { logs, tenant, data } = options
  const generation =
    subject.kind === 'row'
      ? chosenGeneration(await computedGenerations(logs, tenant), subject.generation, tenant).name
      : ''
  const name = subject.kind === 'row' ? kpiTree(generation) : subject.tree
  return withTree(options, name, async ({ tree, last, tiles }) => {
    const event =
      subject.kind === 'row'
        ? await rowOf(subject, { kpi: tree.log, tenant, generation, data })
        : await eventOf(tree, subject, last)
    if (event === undefined)
      throw new NotProved(`there is no such ${subject.kind === 'row' ? 'revision of a row' : 'event'} in ${name}`)
    const index = tiles.indexOf(event.position, last.size)
    if (index === undefined)
      throw new NotProved(
        event.position > last.through
          ? `the event came after the last head of ${name}, signed at ${last.at}: streamvane audit seal signs the next`
          : `the event at position ${event.position} is not among those that were signed: streamvane audit verify`,
      )
    const nodes = (level: number, nth: number) => tiles.node(level, nth)
    return encodeProof({ event }, index, inclusionProof(index, last.size, nodes), last)
  })
}

/** A proof that the tree of one head is the beginning of the tree of another: `from` and `to` are sizes of heads. */
export const proveConsistency = async (
  options: ProveOptions,
  { tree: name, from, to }: Readonly<{ tree: string; from: number; to: number | undefined }>,
): Promise<string> =>
  withTree(options, name, async ({ signed, last, tiles }) => {
    const found = new Map<number, SignedHead>()
    for await (const head of headsOf(options.logs, options.tenant, signed))
      if (head.size === from || head.size === (to ?? last.size)) found.set(head.size, head)
    const [older, newer] = [found.get(from), found.get(to ?? last.size)]
    if (older === undefined || newer === undefined || from > newer.size)
      throw new NotProved(`${name} has no heads of the sizes ${from} and ${to ?? last.size}, one after the other`)
    const path = consistencyProof(older.size, newer.size, (level, nth) => tiles.node(level, nth))
    return encodeConsistency({ from: older, to: newer, path })
  })

type Opened = Readonly<{ tree: SealedTree; signed: SignedTree; last: SignedHead; tiles: TileStore }>

const withTree = async <T>(
  { logs, tenant, data, keys, signal }: ProveOptions,
  name: string,
  work: (opened: Opened) => Promise<T>,
): Promise<T> => {
  const trees = await treesOf(logs, tenant)
  const tree = trees.find((each) => each.name === name)
  if (tree === undefined)
    throw new NotProved(`there is no tree ${name}; there are ${trees.map((each) => each.name).join(', ')}`)
  const id = await tree.log.id()
  const { trees: all } = await readSignedHeads(logs, tenant, keys, (each) => (each === name ? id : undefined))
  const signed = all.get(name)
  if (signed?.last === undefined)
    throw new NotProved(`nothing of ${name} is signed by an accepted key: streamvane audit seal`)
  const { last } = signed
  const scratch = await mkdtemp(join(tmpdir(), 'streamvane-audit-'))
  try {
    const tiles = await tilesForReading({ logs, tenant, data, tree, last, scratch, signal })
    try {
      return await work({ tree, signed, last, tiles })
    } finally {
      tiles.close()
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

const rowOf = async (
  { key, revision }: Extract<Subject, { kind: 'row' }>,
  of: Parameters<typeof rowEvents>[0],
): Promise<RecordedEvent | undefined> => {
  const parts = key.split('/')
  const [family, granularity, start] = [
    parts[0],
    granularities.find((each) => each === parts.at(-2)),
    Date.parse(parts.at(-1) ?? ''),
  ]
  if (family === undefined || !isFamilyName(family) || granularity === undefined || Number.isNaN(start))
    throw new NotProved(`${key} is no key of a row, as \`streamvane rows --json\` prints it`)
  for await (const events of rowEvents(of, { families: new Set([family]), granularity, from: start, to: start + 1 }))
    for (const event of events) {
      if (familyOf(event) !== family) continue
      const { header } = readHeader(event)
      if (header.key === key && header.revision === revision) return event
    }
  return undefined
}

const eventOf = async (
  tree: SealedTree,
  subject: Exclude<Subject, { kind: 'row' }>,
  last: SignedHead,
): Promise<RecordedEvent | undefined> => {
  if (subject.kind === 'stream') {
    for await (const [event] of tree.log.readStream(subject.stream, { from: subject.revision, max: 1 })) return event
    return undefined
  }
  const isWanted =
    subject.kind === 'position'
      ? (event: RecordedEvent) => event.position === subject.position
      : (event: RecordedEvent) => event.id === subject.id
  const isRaw = tree.name === RAW_TREE && subject.kind === 'position'
  const after = { position: isRaw ? subject.position - 1n : undefined, size: 0 }
  const through = subject.kind === 'position' ? subject.position : ((await tree.log.head()) ?? last.through)
  for await (const batch of tree.events(after, through)) {
    const event = batch.find(isWanted)
    if (event !== undefined) return event
  }
  return undefined
}
