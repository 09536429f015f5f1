/**
 * Seeded randomness (sfc32). Each concern of the simulator draws from its own stream, forked by name, so that asking for duplicates or another
 * envelope changes how things are delivered and never what happened.
 */
export class SeededRandom {
  readonly #seed: string
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: string) {
    this.#seed = seed
    const hash = hasher(seed)
    this.#a = hash()
    this.#b = hash()
    this.#c = hash()
    this.#d = hash()
    for (let round = 0; round < 12; round += 1) this.uint32()
  }

  /** An independent stream; the same name gives the same stream, whatever was drawn before. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${name}`)
  }

  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    this.#c |= 0
    return t >>> 0
  }

  /** In [0, 1). */
  unit(): number {
    return this.uint32() / 0x1_0000_0000
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  /** A whole number in [min, max]. */
  between(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1))
  }

  /** One of them; the list must not be empty. */
  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.unit() * items.length)]
    if (item === undefined) throw new Error('pick from an empty list')
    return item
  }

  /** An index, by weight. */
  weighted(weights: readonly number[]): number {
    let left = this.unit() * weights.reduce((sum, weight) => sum + weight, 0)
    for (let index = 0; index < weights.length; index += 1) {
      left -= weights[index] ?? 0
      if (left < 0) return index
    }
    return weights.length - 1
  }

  /** Whole milliseconds, exponentially distributed about `meanMs`, at least 1. */
  exponentialMs(meanMs: number): number {
    return Math.max(1, Math.round(-Math.log(1 - this.unit()) * meanMs))
  }

  /** Whole milliseconds, log-normal with the given mean and shape, at least `floorMs`. Handle times look like this. */
  lognormalMs(meanMs: number, sigma: number, floorMs = 1): number {
    const gauss = Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit())
    return Math.max(floorMs, Math.round(meanMs * Math.exp(sigma * gauss - (sigma * sigma) / 2)))
  }

  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items]
    for (let index = result.length - 1; index > 0; index -= 1) {
      const other = this.between(0, index)
      const held = result[index] as T
      result[index] = result[other] as T
      result[other] = held
    }
    return result
  }

  /** A version 4 shaped UUID, lower case. */
  uuid(): string {
    const a = this.uint32()
    const b = this.uint32()
    const c = this.uint32()
    const d = this.uint32()
    const tail = hex16(c & 0xffff) + hex16(d >>> 16) + hex16(d & 0xffff)
    return `${hex16(a >>> 16)}${hex16(a & 0xffff)}-${hex16(b >>> 16)}-${hex16((b & 0x0fff) | 0x4000)}-${hex16(((c >>> 16) & 0x3fff) | 0x8000)}-${tail}`
  }
}

const hex16Table = Array.from({ length: 0x1_0000 }, (_, value) => value.toString(16).padStart(4, '0'))
const hex16 = (value: number): string => hex16Table[value] as string

/** xmur3: a string to a sequence of well-mixed 32-bit seeds. */
const hasher = (text: string): (() => number) => {
  let h = 1779033703 ^ text.length
  for (let index = 0; index < text.length; index += 1) {
    h = Math.imul(h ^ text.charCodeAt(index), 3432918353)
    h = (h << 13) | (h >>> 19)
  }
  return () => {
    h = Math.imul(h ^ (h >>> 16), 2246822507)
    h = Math.imul(h ^ (h >>> 13), 3266489909)
    h ^= h >>> 16
    return h >>> 0
  }
}
