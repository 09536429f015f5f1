import { createHash } from 'node:crypto'
import type { FamilyName } from '../../../../src/domain/family.js'
import { isEmptyRow } from '../../../../src/domain/row.js'
import type { RowRecord } from '../../../../src/egress/sink.js'
import { rowOf } from '../../../contract/some-rows.js'

type Kept = Readonly<{
  family: FamilyName
  generation: string
  promotion: number
  revision: number
  isEmpty: boolean
  avro: Uint8Array
}>

/** The table of a consumer that upserts by row key where (promotion, revision) is higher, as the contract says. */
export class ConsumerTable {
  private readonly kept = new Map<string, Kept>()

  /** `replaced`: the generation whose row stood there and held something. `isSame`: it had the same bytes. */
  upsert(record: RowRecord): Readonly<{ replaced: string | undefined; isSame: boolean }> {
    const { generation, promotion, header, avro } = record
    const { key, family, revision } = header
    const before = this.kept.get(key)
    const isHigher =
      before === undefined ||
      promotion > before.promotion ||
      (promotion === before.promotion && revision > before.revision)
    const isSame = before !== undefined && Buffer.compare(before.avro, avro) === 0
    if (isHigher)
      this.kept.set(key, { family, generation, promotion, revision, isEmpty: isEmptyRow(rowOf(record)), avro })
    return { replaced: before?.isEmpty === false ? before.generation : undefined, isSame }
  }

  /** `<generation> <row key> <revision>` of the rows that hold something, sorted. */
  rows(): readonly string[] {
    return this.full()
      .map(([key, { generation, revision }]) => `${generation} ${key} ${revision}`)
      .sort()
  }

  /** The bytes of the rows that hold something, by row key. */
  bytes(): ReadonlyMap<string, string> {
    return new Map(this.full().map(([key, { avro }]) => [key, Buffer.from(avro).toString('base64')]))
  }

  /** The families of which a row was ever kept. */
  families(): ReadonlySet<FamilyName> {
    return new Set([...this.kept.values()].map(({ family }) => family))
  }

  generationsOf(family: FamilyName): readonly string[] {
    return [...new Set(this.full(family).map(([, { generation }]) => generation))]
  }

  /** As the contract has a consumer compute them. */
  totals(family: FamilyName): Readonly<{ rows: number; digest: number }> {
    const numbers = this.full(family).map(([key, { revision }]) =>
      Number.parseInt(createHash('md5').update(`${key} ${revision}`).digest('hex').slice(0, 10), 16),
    )
    return { rows: numbers.length, digest: numbers.reduce((sum, each) => sum + each, 0) % 2 ** 40 }
  }

  private full(of?: FamilyName): readonly [string, Kept][] {
    return [...this.kept].filter(([, { isEmpty, family }]) => !isEmpty && (of === undefined || family === of))
  }
}
