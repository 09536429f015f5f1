import type { Finding } from '../../../audit/finding.js'
import type { VerifierKey } from '../../../audit/note.js'
import type { SignedHead } from '../../../audit/tree-head.js'
import { readGenerations } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { ErasedLeaves } from './audit-log.js'
import { areSigned, checkHistory } from './check-history.js'
import { erasuresOf, type Erasure } from './erasures.js'
import { leavesOf } from './leaves.js'
import { tilesFolder } from './sealing.js'
import { headsOf, readSignedHeads, type SignedTree } from './signed-heads.js'
import { TileStore } from './tile-store.js'
import { CONTROL_TREE, kpiTree, RAW_TREE, treesOf, type SealedTree } from './trees.js'

/**
 * What was found of one tree. `unsigned`: events after the last head, of which nothing is proved yet. `state`: `whole`,
 * `different`, `retired` (a generation whose log was given up, as recorded) or `gone`.
 */
export type TreeReport = Readonly<{
  tree: string
  state: 'whole' | 'different' | 'retired' | 'gone'
  heads: number
  last: SignedHead | undefined
  leaves: number
  unsigned: number
  erasures: readonly Erasure[]
}>

export type LogReport = Readonly<{ trees: readonly TreeReport[]; findings: readonly Finding[] }>

export type VerifyLogOptions = Readonly<{
  logs: Logs
  tenant: string
  data: string
  keys: readonly VerifierKey[]
  signal: AbortSignal
  onProgress?: (tree: string, leaves: number, total: number) => void
}>

/** Reads the whole log again and compares it with its signed heads. Writes nothing. */
export const verifyLog = async (options: VerifyLogOptions): Promise<LogReport> => {
  const { logs, tenant, keys } = options
  const trees = await treesOf(logs, tenant)
  const ids = new Map<string, string>()
  for (const { name, log } of trees) ids.set(name, await log.id())
  const signed = await readSignedHeads(logs, tenant, keys, (tree) => ids.get(tree))
  const reports: TreeReport[] = []
  const findings: Finding[] = [...signed.findings]
  const erased = new ErasedLeaves(logs, tenant)
  for (const tree of trees) {
    const checked = await verifyTree(options, tree, signed.trees.get(tree.name), erased)
    if (checked.report.heads + checked.report.unsigned > 0) reports.push(checked.report)
    findings.push(...checked.findings)
  }
  for (const each of signed.trees.values()) {
    if (ids.has(each.tree)) continue
    const isRetired = await isRetiredTree(logs, tenant, each.tree)
    const { tree, heads, last } = each
    const state = isRetired ? 'retired' : 'gone'
    reports.push({ tree, state, heads, last, leaves: 0, unsigned: 0, erasures: [] })
    if (!isRetired)
      findings.push({ kind: 'head', tree, size: last?.size ?? 0, what: 'the log that it speaks of is gone' })
  }
  return { trees: reports, findings }
}

/** Whether the journal of generations says that the log of this tree was given up. */
export const isRetiredTree = async (logs: Logs, tenant: string, tree: string): Promise<boolean> => {
  if (tree === RAW_TREE || tree === CONTROL_TREE) return false
  const { retired } = await readGenerations(await logs.control('reader'), tenant)
  return Object.keys(retired).some((generation) => kpiTree(generation) === tree)
}

const verifyTree = async (
  options: VerifyLogOptions,
  tree: SealedTree,
  signed: SignedTree | undefined,
  erased: ErasedLeaves,
): Promise<Readonly<{ report: TreeReport; findings: readonly Finding[] }>> => {
  const { logs, tenant, data, signal, onProgress } = options
  const report = { tree: tree.name, heads: signed?.heads ?? 0, last: signed?.last }
  if (signed?.last === undefined) {
    const unsigned = await countAfter(tree, erased, { position: undefined, size: 0 })
    return { report: { ...report, state: 'whole', leaves: 0, unsigned, erasures: [] }, findings: [] }
  }
  const { last } = signed
  const tiles = TileStore.open(tilesFolder(data, tenant, tree.name), 'read')
  try {
    const history = await checkHistory({
      ...{ tree, erased, last, signal, rebuilt: undefined },
      heads: headsOf(logs, tenant, signed),
      signed: tiles !== undefined && areSigned(tiles, last) ? tiles : undefined,
      onProgress: (leaves, total) => onProgress?.(tree.name, leaves, total),
    })
    const gone = await erasuresOf(tree.log, tenant, history.erased)
    const findings = [...history.findings, ...gone.findings]
    const unsigned = await countAfter(tree, erased, { position: last.through, size: last.size })
    const state = findings.length === 0 ? 'whole' : 'different'
    return { report: { ...report, state, leaves: history.leaves, unsigned, erasures: gone.erasures }, findings }
  } finally {
    tiles?.close()
  }
}

const countAfter = async (
  tree: SealedTree,
  erased: ErasedLeaves,
  after: Parameters<typeof leavesOf>[2],
): Promise<number> => {
  const through = await tree.log.head()
  let count = 0
  if (through !== undefined) for await (const batch of leavesOf(tree, erased, after, through)) count += batch.length
  return count
}
