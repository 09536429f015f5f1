import { sameHash } from './merkle.js'
import type { VerifierKey } from './note.js'
import { headDigest, headFault, type SignedHead } from './tree-head.js'

/** Checks heads of one tree in their order: each is signed, names the one before, and is of a larger tree. */
export class HeadChain {
  readonly #origin: string
  readonly #keys: readonly VerifierKey[]
  readonly #isWhole: boolean
  #last: SignedHead | undefined

  /** `isWhole`: the first head is the first that was ever signed. */
  constructor(origin: string, keys: readonly VerifierKey[], isWhole: boolean) {
    this.#origin = origin
    this.#keys = keys
    this.#isWhole = isWhole
  }

  get last(): SignedHead | undefined {
    return this.#last
  }

  /** What is wrong with the next head; `undefined` if nothing is. */
  next(head: SignedHead): string | undefined {
    const fault = headFault(head, this.#origin, this.#keys) ?? this.#orderFault(head)
    if (fault === undefined) this.#last = head
    return fault
  }

  #orderFault({ previous, size, through }: SignedHead): string | undefined {
    const last = this.#last
    if (last === undefined)
      return this.#isWhole && previous !== undefined ? 'it names a head before it, which is missing' : undefined
    if (previous === undefined || !sameHash(previous, headDigest(last)))
      return `it does not follow the head of size ${last.size}: a head is missing, or was changed`
    return size > last.size && through > last.through
      ? undefined
      : `it is not larger than the head of size ${last.size}`
  }
}
