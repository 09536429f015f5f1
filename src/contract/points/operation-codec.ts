import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { noDimensions, pointDimensions, type PointField } from '../../domain/dimensions.js'
import type { MetricPoint, StateKind } from '../../domain/fact.js'
import type { FamilyName } from '../../domain/family.js'
import type { JoinedOperation, PointOperation } from '../../domain/point-operation.js'
import type { Correction } from '../../domain/row.js'
import type { Position } from '../../log/event-log.js'

/** An operation, and the position of the raw event that it follows from. */
export type PlacedOperation = Readonly<{ position: Position; operation: PointOperation }>

const kinds = ['observe', 'take-back', 'joined', 'pending', 'withdraw', 'settle', 'adjust'] as const
const fields = pointDimensions.map(({ field }) => field)

/** What columns refer to by number: each value once. */
type Dictionary = Readonly<{
  kinds: readonly PointOperation['kind'][]
  fields: readonly PointField[]
  metrics: readonly string[]
  /** Values of dimensions, in the order of `fields`. */
  tuples: readonly (readonly unknown[])[]
  ids: readonly string[]
  whys: readonly (Correction | null)[]
  onlys: readonly (readonly FamilyName[] | null)[]
  states: readonly (readonly [userId: string, stateKind: StateKind, state: string])[]
}>

/** Bytes of one operation in all columns. */
const WIDTH = 8 + 8 + 8 + 4 + 4 + 2 + 3
const HEAD = 8
/** Compressing so little costs more than it saves. */
const PLAIN_MAX_BYTES = 256
const LEVEL = 1

/**
 * Operations as bytes: a dictionary in JSON, then columns in little-endian order. The whole is deflated unless it is
 * tiny; the first byte tells. No operations are no bytes.
 */
export const encodeOperations = (operations: readonly PlacedOperation[]): Uint8Array => {
  if (operations.length === 0) return new Uint8Array(0)
  const writer = new Writer(operations.length)
  for (const operation of operations) writer.add(operation)
  const plain = writer.bytes()
  const isPlain = plain.length <= PLAIN_MAX_BYTES
  return Buffer.concat([Buffer.of(isPlain ? 0 : 1), isPlain ? plain : deflateRawSync(plain, { level: LEVEL })])
}

/** The inverse of `encodeOperations`. Throws if the bytes are not its output. */
export const decodeOperations = (data: Uint8Array): readonly PlacedOperation[] => {
  if (data.length === 0) return []
  const body = data.subarray(1)
  return readAll(data[0] === 1 ? inflateRawSync(body) : Buffer.from(body))
}

/** A text for each set of dimension values. Values with a separator in them are told apart by their lengths. */
const tupleKey = (point: MetricPoint): string => {
  let key = ''
  for (const field of fields) {
    const value = point[field] ?? null
    if (typeof value === 'string') key += `${value.length}:${value}`
    else if (value === null) key += '-'
    else key += `[${value.map((one) => `${one.length}:${one}`).join('')}]`
  }
  return key
}

class Writer {
  private readonly columns: Columns
  private at = 0
  private readonly metrics = new Numbered<string>()
  private readonly tuples = new Numbered<readonly unknown[]>()
  private readonly ids = new Numbered<string>()
  private readonly whys = new Numbered<Correction | null>()
  private readonly onlys = new Numbered<readonly FamilyName[] | null>()
  private readonly states = new Numbered<readonly [string, StateKind, string]>()

  constructor(count: number) {
    this.columns = new Columns(count)
  }

  add({ position, operation }: PlacedOperation): void {
    const { columns, at } = this
    columns.position[at] = position
    columns.kind[at] = kinds.indexOf(operation.kind)
    if (operation.kind === 'adjust') {
      const { userId, stateKind, state, start, deltaMs } = operation
      columns.value[at] = deltaMs
      columns.at[at] = start
      columns.tuple[at] = this.states.of(`${stateKind} ${state} ${userId}`, () => [userId, stateKind, state])
    } else {
      const { point, why } = operation
      columns.value[at] = point.value
      columns.at[at] = point.at
      columns.metric[at] = this.metrics.of(point.metric, () => point.metric)
      columns.tuple[at] = this.tuples.of(tupleKey(point), () => fields.map((field) => point[field] ?? null))
      columns.why[at] = this.whys.of(why ?? '', () => why)
      if ('only' in operation) this.addJoined(operation)
    }
    this.at += 1
  }

  bytes(): Buffer {
    const { metrics, tuples, ids, whys, onlys, states } = this
    const dictionary: Dictionary = {
      ...{ kinds, fields, metrics: metrics.all, tuples: tuples.all, ids: ids.all },
      ...{ whys: whys.all, onlys: onlys.all, states: states.all },
    }
    const text = Buffer.from(JSON.stringify(dictionary))
    const head = Buffer.alloc(HEAD)
    head.writeUInt32LE(this.at, 0)
    head.writeUInt32LE(text.length, 4)
    return Buffer.concat([head, text, this.columns.bytes])
  }

  private addJoined({ id, only }: JoinedOperation): void {
    this.columns.id[this.at] = this.ids.of(id, () => id)
    this.columns.only[this.at] = this.onlys.of(only === null ? '' : only.join(' '), () => only)
  }
}

const readAll = (plain: Buffer): readonly PlacedOperation[] => {
  const [count, length] = [plain.readUInt32LE(0), plain.readUInt32LE(4)]
  const dictionary = JSON.parse(plain.toString('utf8', HEAD, HEAD + length)) as Dictionary
  const columns = new Columns(count, Uint8Array.from(plain.subarray(HEAD + length)))
  const points = dictionary.tuples.map((values) => pointWith(dictionary.fields, values))
  const operations: PlacedOperation[] = []
  for (let at = 0; at < count; at++)
    operations.push({
      position: columns.position[at] as bigint,
      operation: operationAt(columns, at, dictionary, points),
    })
  return operations
}

/** Copied for every point, which is quicker than adding up its members. Equal dimensions share their values. */
const pointWith = (names: Dictionary['fields'], values: readonly unknown[]): MetricPoint => {
  const point: Record<string, unknown> = { metric: '', value: 0, at: 0, ...noDimensions }
  names.forEach((field, index) => (point[field] = values[index]))
  return point as MetricPoint
}

const operationAt = (
  columns: Columns,
  at: number,
  dictionary: Dictionary,
  points: readonly MetricPoint[],
): PointOperation => {
  const kind = dictionary.kinds[columns.kind[at] as number] as PointOperation['kind']
  const tuple = columns.tuple[at] as number
  if (kind === 'adjust') {
    const [userId, stateKind, state] = dictionary.states[tuple] as Dictionary['states'][number]
    return { kind, userId, stateKind, state, start: columns.at[at] as number, deltaMs: columns.value[at] as number }
  }
  const point: { -readonly [K in keyof MetricPoint]: MetricPoint[K] } = { ...(points[tuple] as MetricPoint) }
  point.metric = dictionary.metrics[columns.metric[at] as number] as string
  point.value = columns.value[at] as number
  point.at = columns.at[at] as number
  const why = dictionary.whys[columns.why[at] as number] as Correction | null
  if (kind === 'observe') return { kind, point, why }
  if (kind === 'take-back') return { kind, point, why: why as Correction }
  const only = dictionary.onlys[columns.only[at] as number] as JoinedOperation['only']
  const id = dictionary.ids[columns.id[at] as number] as string
  return { kind, only, id, point, why: why as JoinedOperation['why'] }
}

/** Numbers values in the order of their coming. */
class Numbered<T> {
  readonly all: T[] = []
  private readonly numbers = new Map<string, number>()

  of(key: string, value: () => T): number {
    let number = this.numbers.get(key)
    if (number === undefined) {
      number = this.all.push(value()) - 1
      this.numbers.set(key, number)
    }
    return number
  }
}

/** The columns of `count` operations, the widest first, so that each is aligned. */
class Columns {
  readonly bytes: Uint8Array
  readonly position: BigUint64Array
  readonly value: Float64Array
  readonly at: Float64Array
  readonly tuple: Uint32Array
  readonly id: Uint32Array
  readonly metric: Uint16Array
  readonly kind: Uint8Array
  readonly why: Uint8Array
  readonly only: Uint8Array

  /** `bytes` are not shared with anything: numbers have the byte order of the machine, which is little-endian. */
  constructor(count: number, bytes: Uint8Array<ArrayBuffer> = new Uint8Array(count * WIDTH)) {
    const { buffer } = bytes
    this.bytes = bytes
    this.position = new BigUint64Array(buffer, 0, count)
    this.value = new Float64Array(buffer, 8 * count, count)
    this.at = new Float64Array(buffer, 16 * count, count)
    this.tuple = new Uint32Array(buffer, 24 * count, count)
    this.id = new Uint32Array(buffer, 28 * count, count)
    this.metric = new Uint16Array(buffer, 32 * count, count)
    this.kind = new Uint8Array(buffer, 34 * count, count)
    this.why = new Uint8Array(buffer, 35 * count, count)
    this.only = new Uint8Array(buffer, 36 * count, count)
  }
}
