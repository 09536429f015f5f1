import { hash } from 'node:crypto'
import type { Database } from 'lmdb'
import type { StoredKpiEvent } from '../../../../contract/kpi-stream/stored.js'
import { markerJson } from '../../../../contract/completeness-codec.js'
import { intervalName } from '../../../../domain/interval-complete.js'
import type { Scratch } from '../scratch.js'
import { jsonOfStored } from '../stored-value.js'

/** A record that a topic may hold, by its `ce_id` without the generation: a row revision, or a marker. */
export type Expected = Readonly<{
  /** Where the KPI stream holds it. */
  kpiRevision: number
  /** Length and the first 16 bytes of the SHA-256 of its value, without generation and promotion. */
  bytes: number
  hash: Buffer
  /** A bit for each topic on which it was found. */
  seen: number
}>

export type Format = 'avro' | 'json'

/** Records written in one transaction of the scratch file. */
const BATCH = 5_000

/** All rows and markers of a KPI stream that pass a filter, in a scratch file: memory does not grow with history. */
export class ExpectedRecords {
  private readonly table: Database<Buffer, string>
  private readonly format: Format
  private waiting: (readonly [id: string, value: Buffer])[] = []

  constructor(scratch: Scratch, format: Format) {
    this.table = scratch.table<Buffer>('expected', 'binary')
    this.format = format
  }

  async add(event: Exclude<StoredKpiEvent, { kind: 'left' }>): Promise<void> {
    const value = this.bodyOf(event)
    const { revision: kpiRevision } = event
    this.waiting.push([idOf(event), encoded({ kpiRevision, ...measured(value), seen: 0 })])
    if (this.waiting.length >= BATCH) await this.write()
  }

  /** Writes what is gathered. */
  async write(): Promise<void> {
    const batch = this.waiting
    this.waiting = []
    if (batch.length > 0)
      await this.table.batch(() => {
        for (const [id, value] of batch) void this.table.put(id, value)
      })
  }

  get(id: string): Expected | undefined {
    const value = this.table.get(id)
    return value === undefined ? undefined : decoded(value)
  }

  /** Notes that these were found on a topic. */
  async found(ids: readonly string[], topic: number): Promise<void> {
    for (const id of ids) {
      const known = this.get(id)
      if (known !== undefined) this.waiting.push([id, encoded({ ...known, seen: known.seen | (1 << topic) })])
    }
    await this.write()
  }

  /** All of them; those of a row in the order of their text. */
  *all(): Generator<readonly [id: string, Expected]> {
    for (const { key, value } of this.table.getRange()) yield [key, decoded(value)]
  }

  /** The value of a record without generation and promotion. */
  private bodyOf(event: Exclude<StoredKpiEvent, { kind: 'left' }>): Uint8Array {
    if (this.format === 'avro') return event.avro
    return Buffer.from(JSON.stringify(event.kind === 'row' ? jsonOfStored(event) : markerJson(event.marker)))
  }
}

export const idOf = (event: Exclude<StoredKpiEvent, { kind: 'left' }>): string =>
  event.kind === 'row'
    ? `${event.header.key}/${event.header.revision}`
    : `${event.kind}/${intervalName(event.marker)}/${event.marker.number}`

/** What is compared of a value. */
export const measured = (value: Uint8Array): Readonly<{ bytes: number; hash: Buffer }> => ({
  bytes: value.length,
  hash: hash('sha256', value, 'buffer').subarray(0, HASH_BYTES),
})

const HASH_BYTES = 16

const encoded = ({ kpiRevision, bytes, hash: digest, seen }: Expected): Buffer => {
  const value = Buffer.allocUnsafe(14 + HASH_BYTES)
  value.writeUIntBE(kpiRevision, 0, 6)
  value.writeUInt32BE(bytes, 6)
  value.writeUInt32BE(seen >>> 0, 10)
  value.set(digest, 14)
  return value
}

const decoded = (value: Uint8Array): Expected => {
  const bytes = Buffer.from(value) // the store's own may change
  return {
    kpiRevision: bytes.readUIntBE(0, 6),
    bytes: bytes.readUInt32BE(6),
    seen: bytes.readUInt32BE(10),
    hash: bytes.subarray(14),
  }
}
