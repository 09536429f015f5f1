/**
 * Seeded randomness (sfc32). Each concern of the simulator draws from its own stream, forked by name, so that
 * duplicates or another envelope change the delivery and never what happens.
 */
export class SeededRandom {
  readonly #seed: string
  readonly #state = new Int32Array(4)

  constructor(seed: string) {
    this.#seed = seed
    const hash = hasher(seed)
    for (let place = 0; place < 4; place += 1) this.#state[place] = hash()
    for (let round = 0; round < 12; round += 1) this.uint32()
  }

  /** An independent stream; the same name gives the same stream, whatever was drawn before. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${name}`)
  }

  uint32(): number {
    const state = this.#state
    const [a, b, c, d] = [state[0] as number, state[1] as number, state[2] as number, state[3] as number]
    const t = (((a + b) | 0) + d) | 0
    state[3] = d + 1
    state[0] = b ^ (b >>> 9)
    state[1] = c + (c << 3)
    state[2] = ((c << 21) | (c >>> 11)) + t
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
    writeHex(a, 0, 2, 4, 6)
    writeHex((b & 0xffff0fff) | 0x4000, 9, 11, 14, 16)
    writeHex((c & 0x3fffffff) | 0x80000000, 19, 21, 24, 26)
    writeHex(this.uint32(), 28, 30, 32, 34)
    return letters.toString('latin1', 0, 36)
  }
}

/** A buffer for the UUID. Joining strings from a table took several times as long. */
const letters = Buffer.from('00000000-0000-4000-8000-000000000000', 'latin1')
const high = new Uint8Array(256)
const low = new Uint8Array(256)
for (let value = 0; value < 256; value += 1) {
  high[value] = '0123456789abcdef'.charCodeAt(value >> 4)
  low[value] = '0123456789abcdef'.charCodeAt(value & 15)
}
const writeHex = (word: number, p: number, q: number, r: number, s: number): void => {
  writeByte(word >>> 24, p)
  writeByte((word >>> 16) & 255, q)
  writeByte((word >>> 8) & 255, r)
  writeByte(word & 255, s)
}

const writeByte = (value: number, place: number): void => {
  letters[place] = high[value] as number
  letters[place + 1] = low[value] as number
}

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
