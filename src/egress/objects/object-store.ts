/** The version of an object, as the store names it. */
export type ETag = string

export type StoredObject = Readonly<{ bytes: Uint8Array; etag: ETag }>

/** What must hold for a put to take place: there is no object of that key, or it is still of this version. */
export type Condition = 'absent' | Readonly<{ is: ETag }>

/**
 * A bucket or container, below a prefix. Keys are relative to the prefix and made of `a-z A-Z 0-9 / = . _ -`.
 *
 * - `put` stores an object whole, in one request, if its condition holds at that moment: of two that put at the same
 *   time one wins. Answers its version, or `undefined` where the condition does not hold. A put whose outcome is unknown
 *   throws; the object may be there then.
 * - `get` and `look` see what was put before (strong consistency).
 * - `list` gives the keys that begin with `begin`, with their sizes.
 * - All throw `ObjectStoreFault`.
 */
export type ObjectStore = Readonly<{
  /** The store in messages, without credentials. */
  place: string
  get: (key: string, signal: AbortSignal) => Promise<StoredObject | undefined>
  put: (object: NewObject, condition: Condition, signal: AbortSignal) => Promise<ETag | undefined>
  /** What is stored, without its bytes; `undefined`: there is none. */
  look: (key: string, signal: AbortSignal) => Promise<Readonly<{ bytes: number; etag: ETag }> | undefined>
  list: (begin: string, signal: AbortSignal) => AsyncIterable<Readonly<{ key: string; bytes: number }>>
  close: () => void
}>

/** `sha256` in hexadecimal: the store is told, and refuses bytes that were damaged on the way. */
export type NewObject = Readonly<{ key: string; bytes: Uint8Array; sha256: string; contentType: string }>

/**
 * The store did not do what it was asked for. `refused`: it will not, until somebody mends what the message says;
 * else it may answer later, and whether a put took place is unknown.
 */
export class ObjectStoreFault extends Error {
  override readonly name = 'ObjectStoreFault'
  readonly refused: boolean

  constructor(message: string, options: Readonly<{ refused: boolean; cause?: unknown }>) {
    super(message, { cause: options.cause })
    this.refused = options.refused
  }
}
