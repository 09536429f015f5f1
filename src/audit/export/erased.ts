import { configStream } from '../../domain/stream-name.js'
import type { Item } from './block.js'

/** A stream whose events were erased, and the record of that. `at`: ISO 8601, as the record says. */
export type ExportedErasure = Readonly<{ stream: string; leaves: number; at: string | undefined }>

type Gone = { leaf: number; lastLeaf: number; item: Item; leaves: number }

/**
 * Compares the erased leaves of an export with the records of erasures in it: an event `StreamErased` in the stream
 * that is named for the erased one, behind the last erased leaf.
 */
export class ErasedInExport {
  readonly #gone = new Map<string, Gone>()
  /** By the name of the stream that holds the record. */
  readonly #records = new Map<string, Readonly<{ leaf: number; at: string | undefined }>>()

  see(leaf: number, item: Item): void {
    const { entry, isErased, data } = item
    if (entry === undefined) return
    if (isErased) {
      const known = this.#gone.get(entry.stream)
      if (known === undefined) this.#gone.set(entry.stream, { leaf, lastLeaf: leaf, item, leaves: 1 })
      else Object.assign(known, { lastLeaf: leaf, leaves: known.leaves + 1 })
    } else if (entry.type === 'StreamErased') this.#records.set(entry.stream, { leaf, at: instantIn(data) })
  }

  recorded(): readonly ExportedErasure[] {
    return [...this.#gone].flatMap(([stream, { leaves }]) => {
      const record = this.#recordOf(stream)
      return record === undefined ? [] : [{ stream, leaves, at: record.at }]
    })
  }

  unrecorded(): readonly Readonly<{ leaf: number; item: Item; leaves: number }>[] {
    return [...this.#gone].flatMap(([stream, gone]) => (this.#recordOf(stream) === undefined ? [gone] : []))
  }

  #recordOf(stream: string): Readonly<{ at: string | undefined }> | undefined {
    const [tenant = ''] = stream.split('.', 1)
    const record = this.#records.get(configStream(tenant, 'erased', stream))
    return record !== undefined && record.leaf > this.#gone.get(stream)!.lastLeaf ? record : undefined
  }
}

const instantIn = (data: Uint8Array | undefined): string | undefined => {
  try {
    const { at } = JSON.parse(Buffer.from(data ?? []).toString('utf8')) as { at?: unknown }
    return typeof at === 'number' ? new Date(at).toISOString() : undefined
  } catch {
    return undefined
  }
}
