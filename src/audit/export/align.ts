import type { Hash } from '../merkle.js'
import type { Item } from './block.js'

/** A leaf that was signed and an item that stands for it: the same, one of another content, or one without the other. */
export type Pairing =
  | Readonly<{ kind: 'same' | 'changed'; leaf: number; item: Item }>
  | Readonly<{ kind: 'missing'; leaf: number }>
  | Readonly<{ kind: 'added'; leaf: number; item: Item }>

/**
 * Pairs the signed leaves of a block with its items. Of two that stood in each other's place the first is missing where
 * it was, and is added behind the other.
 */
export const align = (first: number, hashes: readonly Hash[], items: readonly Item[]): readonly Pairing[] => {
  const pairs: Pairing[] = []
  const placesOf = (all: readonly Hash[]): ReadonlyMap<string, number> =>
    new Map(all.map((hash, index) => [nameOf(hash), index]))
  const [signedAt, itemAt] = [placesOf(hashes), placesOf(items.map(({ hash }) => hash))]
  let [leaf, next] = [0, 0]
  while (leaf < hashes.length || next < items.length) {
    const [hash, item] = [hashes[leaf], items[next]]
    const signedLater = item !== undefined && (signedAt.get(nameOf(item.hash)) ?? -1) > leaf
    const itemLater = hash !== undefined && (itemAt.get(nameOf(hash)) ?? -1) > next
    if (hash !== undefined && item !== undefined && nameOf(hash) === nameOf(item.hash))
      pairs.push({ kind: 'same', leaf: first + leaf++, item: items[next++]! })
    else if (item === undefined || (hash !== undefined && signedLater))
      pairs.push({ kind: 'missing', leaf: first + leaf++ })
    else if (hash === undefined || itemLater || signedAt.has(nameOf(item.hash)))
      pairs.push({ kind: 'added', leaf: first + leaf, item: items[next++]! })
    else pairs.push({ kind: 'changed', leaf: first + leaf++, item: items[next++]! })
  }
  return pairs
}

const nameOf = (hash: Hash): string => Buffer.from(hash).toString('latin1')
