import { QUOTE, COLON } from './plain-value.js'

/** Keys of one object that were seen after the same keys. More are forgotten: some objects have ids as keys. */
const SIBLINGS_MAX = 64
/** A longer key is left to the parser: it would stay in memory. */
const KEY_BYTES_MAX = 64
/** A key that is plain ASCII needs no escape, and its bytes have the order of its characters. */
const FIRST_PLAIN = 0x20
const LAST_PLAIN = 0x7e
const BACKSLASH = 0x5c

/**
 * The keys of an object in the order in which they come. Events of one topic come in few shapes, so that the key that
 * comes next is nearly always the one that came next last time: then one comparison of bytes reads it. What follows
 * from the keys alone (their canonical order, the places of the members that a decoder reads) is worked out once a
 * shape.
 */
export class Shape {
  /** The last key of the shape as it is written, from behind its opening quote to its colon. */
  readonly key: Uint8Array
  /** Shapes that begin with this one. Only that of the empty shape is kept up. */
  size = 0
  /** The last key. */
  readonly name: string
  private readonly before: Shape | undefined
  private readonly empty: Shape
  private recent: Shape | undefined
  private others: Shape[] = []
  private known: readonly string[] | undefined
  private order: CanonicalOrder | undefined
  private readonly places = new Map<readonly string[], Int16Array>()

  constructor(name = '', before?: Shape) {
    this.name = name
    this.before = before
    this.empty = before?.empty ?? this
    this.key = Buffer.from(`${name}":`)
  }

  get names(): readonly string[] {
    this.known ??= this.before === undefined ? [] : [...this.before.names, this.name]
    return this.known
  }

  /**
   * The shape with one more key, which begins at `at` behind its quote. `undefined` if this key cannot be read so: it
   * is not plain, too long, or repeated in its object.
   */
  with(bytes: Uint8Array, at: number): Shape | undefined {
    const { recent } = this
    return recent !== undefined && holds(bytes, at, recent.key) ? recent : this.find(bytes, at)
  }

  /** Places of these members among those of the object; -1 for one that it does not have. `names` must be a constant. */
  placesOf(names: readonly string[]): Int16Array {
    let places = this.places.get(names)
    if (places === undefined) {
      places = Int16Array.from(names, (name) => this.names.indexOf(name))
      this.places.set(names, places)
    }
    return places
  }

  get canonicalOrder(): CanonicalOrder {
    return (this.order ??= canonicalOrderOf(this.names))
  }

  private find(bytes: Uint8Array, at: number): Shape | undefined {
    for (const other of this.others) if (holds(bytes, at, other.key)) return (this.recent = other)
    const added = this.added(bytes, at)
    if (added !== undefined) this.recent = added
    return added
  }

  private added(bytes: Uint8Array, at: number): Shape | undefined {
    const name = keyAt(bytes, at)
    if (name === undefined || this.names.includes(name)) return undefined
    if (this.others.length === SIBLINGS_MAX) this.others = []
    const shape = new Shape(name, this)
    this.others.push(shape)
    this.empty.size++
    return shape
  }
}

/** The members in the order of canonical JSON: which comes when, and what stands before its value (`{"a":`, `,"b":`). */
export type CanonicalOrder = Readonly<{ members: Int16Array; heads: readonly Uint8Array[] }>

const canonicalOrderOf = (names: readonly string[]): CanonicalOrder => {
  const members = names.map((_, i) => i).sort((a, b) => ((names[a] as string) < (names[b] as string) ? -1 : 1))
  return {
    members: Int16Array.from(members),
    heads: members.map((member, i) => Buffer.from(`${i === 0 ? '{' : ','}"${names[member]}":`)),
  }
}

const holds = (bytes: Uint8Array, at: number, key: Uint8Array): boolean => {
  const { length } = key
  for (let i = 0; i < length; i++) if (bytes[at + i] !== key[i]) return false
  return true
}

const keyAt = (bytes: Uint8Array, at: number): string | undefined => {
  let to = at
  for (; bytes[to] !== QUOTE; to++) {
    const byte = bytes[to] ?? 0
    if (byte < FIRST_PLAIN || byte > LAST_PLAIN || byte === BACKSLASH || to - at === KEY_BYTES_MAX) return undefined
  }
  return bytes[to + 1] === COLON ? Buffer.from(bytes.subarray(at, to)).toString('latin1') : undefined
}
