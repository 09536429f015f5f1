import type { Finding } from '../../../audit/finding.js'
import { HeadChain } from '../../../audit/head-chain.js'
import type { VerifierKey } from '../../../audit/note.js'
import type { SignedHead } from '../../../audit/tree-head.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { auditRecords, originOf } from './audit-log.js'

/** What is signed of one tree. `number` counts how often the tree was begun again, from 1. */
export type SignedTree = Readonly<{ tree: string; number: number; heads: number; last: SignedHead | undefined }>

/** All signed trees by name, what is wrong with their heads, and the revision of the stream of heads (-1: empty). */
export type SignedHeads = Readonly<{
  trees: ReadonlyMap<string, SignedTree>
  findings: readonly Finding[]
  revision: number
}>

/**
 * Reads all heads and checks each: signature, order, and that none is missing. `logIdOf` says which log a tree is over;
 * heads of a tree whose log is gone are checked against the origin that they name.
 */
export const readSignedHeads = async (
  logs: Logs,
  tenant: string,
  keys: readonly VerifierKey[],
  logIdOf: (tree: string) => string | undefined,
): Promise<SignedHeads> => {
  const trees = new Map<string, { tree: string; number: number; heads: number; chain: HeadChain | undefined }>()
  const findings: Finding[] = []
  let revision = -1
  for await (const record of auditRecords(logs, tenant)) {
    revision = record.revision
    const known = trees.get(record.tree)
    if (record.kind === 'restarted') {
      trees.set(record.tree, { tree: record.tree, number: record.number, heads: 0, chain: undefined })
      continue
    }
    const { tree, head } = record
    const state = known ?? { tree, number: 1, heads: 0, chain: undefined }
    trees.set(tree, state)
    if (head === undefined) {
      findings.push({
        kind: 'head',
        tree,
        size: state.chain?.last?.size ?? 0,
        what: `the record ${revision} of heads is no head any more`,
      })
      continue
    }
    const logId = logIdOf(tree)
    const origin = logId === undefined ? head.origin : originOf(tenant, logId, tree, state.number)
    state.chain ??= new HeadChain(origin, keys, true)
    const fault = state.chain.next(head)
    if (fault !== undefined) findings.push({ kind: 'head', tree, size: head.size, what: fault })
    else state.heads += 1
  }
  const signed = [...trees.values()].map(({ tree, number, heads, chain }) => ({
    tree,
    number,
    heads,
    last: chain?.last,
  }))
  return { trees: new Map(signed.map((each) => [each.tree, each])), findings, revision }
}

/** The heads of the tree as it is now, in order; those before it was begun again are left out. */
export async function* headsOf(logs: Logs, tenant: string, { tree, number }: SignedTree): AsyncGenerator<SignedHead> {
  let at = 1
  for await (const record of auditRecords(logs, tenant)) {
    if (record.tree !== tree) continue
    if (record.kind === 'restarted') at = record.number
    else if (at === number && record.head !== undefined) yield record.head
  }
}
