import { unreachable } from '../domain/unreachable.js'
import type { Position } from '../log/event-log.js'

/** Which leaf of which tree, as far as it is known. */
export type Place = Readonly<{
  tree: string
  leaf?: number
  position?: Position
  stream?: string
  revision?: number
  id?: string
}>

/**
 * Something that is not as it was signed.
 *
 * - `changed`: the event at a leaf has other bytes. `missing`: there is no event where one was signed. `added`: there is
 *   one where none was signed.
 * - `unrecorded-erasure`: the event was erased, and no record of that erasure is in the log.
 * - `stretch`: something between two heads differs, and the hashes of the leaves are not at hand to say which event.
 * - `head`: a head is changed, missing, or of another log.
 * - `framing`: bytes of a file that are not an event: `offset` of the first, and how many.
 */
export type Finding =
  | (Place & Readonly<{ kind: LeafFindingKind; what: string }>)
  | Readonly<{
      kind: 'stretch'
      tree: string
      from: number
      to: number
      after: Position | undefined
      through: Position
      what: string
    }>
  | Readonly<{ kind: 'head'; tree: string; size: number; what: string }>
  | Readonly<{ kind: 'framing'; offset: number; bytes: number; what: string }>

export type LeafFindingKind = 'changed' | 'missing' | 'added' | 'unrecorded-erasure'

/** A finding in a sentence. */
export const findingText = (finding: Finding): string => {
  const { kind, what } = finding
  switch (kind) {
    case 'changed':
    case 'missing':
    case 'added':
    case 'unrecorded-erasure':
      return `${placeText(finding)}: ${what}`
    case 'stretch':
      return `${finding.tree}: leaves ${finding.from} to ${finding.to - 1} (positions ${
        finding.after === undefined ? 'from the start' : `after ${finding.after}`
      } through ${finding.through}): ${what}`
    case 'head':
      return `${finding.tree}: the head of size ${finding.size}: ${what}`
    case 'framing':
      return `bytes ${finding.offset} to ${finding.offset + finding.bytes - 1} of the file: ${what}`
    default:
      return unreachable(kind)
  }
}

const placeText = ({ tree, leaf, position, stream, revision, id }: Place): string =>
  [
    leaf === undefined ? tree : `${tree}: leaf ${leaf}`,
    ...(position === undefined ? [] : [`position ${position}`]),
    ...(stream === undefined ? [] : [`${stream}@${revision}`]),
    ...(id === undefined ? [] : [`event ${id}`]),
  ].join(', ')

/** A finding as JSON; positions in decimal. */
export const findingJson = (finding: Finding): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries({ ...finding, text: findingText(finding) }).map(([key, value]) => [
      key,
      typeof value === 'bigint' ? String(value) : (value as unknown),
    ]),
  )
