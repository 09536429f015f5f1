import { isConsistent } from '../../../audit/merkle.js'
import type { VerifierKey } from '../../../audit/note.js'
import {
  decodeConsistency,
  decodeProof,
  proofFault,
  type Consistency,
  type InclusionProof,
} from '../../../audit/proof.js'
import { headFault, type SignedHead } from '../../../audit/tree-head.js'
import { decodeRow } from '../../../contract/kpi-stream/stored.js'
import { rowJson } from '../../../contract/row-json.js'

type Head = Readonly<{ origin: string; size: number; at: string }>

/** What a proof shows, or why it shows nothing (`fault`). */
export type ProofReport =
  | Readonly<{
      kind: 'event'
      fault: string | null
      head: Head
      leaf: number
      event: Readonly<{ stream: string; revision: number; position: string; id: string; type: string }> | null
      /** A row as JSON; of a raw event the text as it was received. */
      content: unknown
    }>
  | Readonly<{ kind: 'consistency'; fault: string | null; from: Head; to: Head }>
  | Readonly<{ kind: 'none'; fault: string }>

/** Checks the text of a proof of an event or of consistency. Needs nothing but the keys. */
export const verifyProof = (text: string, keys: readonly VerifierKey[]): ProofReport => {
  const proof = decodeProof(text)
  if (proof !== undefined) return eventReport(proof, keys)
  const consistency = decodeConsistency(text)
  if (consistency !== undefined) return consistencyReport(consistency, keys)
  return { kind: 'none', fault: 'the file is neither a proof of an event nor of consistency' }
}

const eventReport = (proof: InclusionProof, keys: readonly VerifierKey[]): ProofReport => {
  const { item, index, head } = proof
  const entry = item.entry
  return {
    kind: 'event',
    fault: proofFault(proof, keys) ?? null,
    head: headOf(head),
    leaf: index,
    event:
      entry === undefined
        ? null
        : {
            ...{ stream: entry.stream, revision: entry.revision, position: String(entry.position) },
            ...{ id: entry.id, type: entry.type },
          },
    content: contentOf(proof),
  }
}

const contentOf = ({ item: { entry, metadata, data } }: InclusionProof): unknown => {
  if (entry === undefined || metadata === undefined || data === undefined) return null
  if (!entry.type.startsWith('Row.')) return Buffer.from(data).toString('utf8')
  try {
    return rowJson(decodeRow({ ...entry, metadata, data }).row)
  } catch {
    return null
  }
}

const consistencyReport = ({ from, to, path }: Consistency, keys: readonly VerifierKey[]): ProofReport => {
  const fault =
    headFault(from, from.origin, keys) ??
    headFault(to, from.origin, keys) ??
    (isConsistent(from, to, path) ? null : `the tree of ${from.size} leaves is not the beginning of that of ${to.size}`)
  return { kind: 'consistency', fault, from: headOf(from), to: headOf(to) }
}

const headOf = ({ origin, size, at }: SignedHead): Head => ({ origin, size, at })
