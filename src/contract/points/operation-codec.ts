import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { pointDimensions, type PointField } from '../../domain/dimensions.js'
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
    this.columns = columnsOf(Buffer.alloc(count * WIDTH), count)
  }

  add({ position, operation }: PlacedOperation): void {
    const { columns, at } = this
    columns.position(at, position)
    columns.kind[at] = kinds.indexOf(operation.kind)
    if (operation.kind === 'adjust') {
      const { userId, stateKind, state, start, deltaMs } = operation
      columns.value(at, deltaMs)
      columns.instant(at, start)
      columns.tuple(
        at,
        this.states.of(`${stateKind} ${state} ${userId}`, () => [userId, stateKind, state]),
      )
    } else {
      const { point, why } = operation
      columns.value(at, point.value)
      columns.instant(at, point.at)
      columns.metric(
        at,
        this.metrics.of(point.metric, () => point.metric),
      )
      const values = fields.map((field) => point[field] ?? null)
      columns.tuple(
        at,
        this.tuples.of(JSON.stringify(values), () => values),
      )
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
    this.columns.id(
      this.at,
      this.ids.of(id, () => id),
    )
    this.columns.only[this.at] = this.onlys.of(only === null ? '' : only.join(' '), () => only)
  }
}

const readAll = (plain: Buffer): readonly PlacedOperation[] => {
  const [count, length] = [plain.readUInt32LE(0), plain.readUInt32LE(4)]
  const dictionary = JSON.parse(plain.toString('utf8', HEAD, HEAD + length)) as Dictionary
  const columns = columnsOf(plain.subarray(HEAD + length), count)
  // Points of equal dimensions share their values, as they do where they are found.
  const tuples = dictionary.tuples.map((values) =>
    Object.fromEntries(dictionary.fields.map((field, index) => [field, values[index]])),
  )
  return Array.from({ length: count }, (_, at) => ({
    position: columns.positionAt(at),
    operation: operationAt(columns, at, dictionary, tuples),
  }))
}

const operationAt = (
  columns: Columns,
  at: number,
  dictionary: Dictionary,
  tuples: readonly Readonly<Record<string, unknown>>[],
): PointOperation => {
  const kind = dictionary.kinds[columns.kind[at] as number] as PointOperation['kind']
  const [value, instant, tuple] = [columns.valueAt(at), columns.instantAt(at), columns.tupleAt(at)]
  if (kind === 'adjust') {
    const [userId, stateKind, state] = dictionary.states[tuple] as Dictionary['states'][number]
    return { kind, userId, stateKind, state, start: instant, deltaMs: value }
  }
  const metric = dictionary.metrics[columns.metricAt(at)] as string
  const point = { ...tuples[tuple], metric, value, at: instant } as MetricPoint
  const why = dictionary.whys[columns.why[at] as number] as Correction | null
  if (kind === 'observe') return { kind, point, why }
  if (kind === 'take-back') return { kind, point, why: why as Correction }
  const only = dictionary.onlys[columns.only[at] as number] as JoinedOperation['only']
  return { kind, only, id: dictionary.ids[columns.idAt(at)] as string, point, why: why as JoinedOperation['why'] }
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

type Columns = ReturnType<typeof columnsOf>

/** The columns of `count` operations, one after the other in `bytes`. */
const columnsOf = (bytes: Buffer, count: number) => {
  let from = 0
  const place = (width: number): number => {
    const start = from
    from += width * count
    return start
  }
  const [positions, values, instants] = [place(8), place(8), place(8)]
  const [tuples, ids, metrics] = [place(4), place(4), place(2)]
  const narrow = (): Buffer => bytes.subarray(place(1), from)
  return {
    bytes,
    kind: narrow(),
    why: narrow(),
    only: narrow(),
    position: (at: number, value: Position) => bytes.writeBigUInt64LE(value, positions + 8 * at),
    positionAt: (at: number): Position => bytes.readBigUInt64LE(positions + 8 * at),
    value: (at: number, value: number) => bytes.writeDoubleLE(value, values + 8 * at),
    valueAt: (at: number): number => bytes.readDoubleLE(values + 8 * at),
    instant: (at: number, value: number) => bytes.writeDoubleLE(value, instants + 8 * at),
    instantAt: (at: number): number => bytes.readDoubleLE(instants + 8 * at),
    tuple: (at: number, value: number) => bytes.writeUInt32LE(value, tuples + 4 * at),
    tupleAt: (at: number): number => bytes.readUInt32LE(tuples + 4 * at),
    id: (at: number, value: number) => bytes.writeUInt32LE(value, ids + 4 * at),
    idAt: (at: number): number => bytes.readUInt32LE(ids + 4 * at),
    metric: (at: number, value: number) => bytes.writeUInt16LE(value, metrics + 2 * at),
    metricAt: (at: number): number => bytes.readUInt16LE(metrics + 2 * at),
  }
}
