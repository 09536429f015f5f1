/** Seeded chance for tests (mulberry32): the same seed, the same choices. */
export type Chance = Readonly<{
  /** A whole number from 0 up to but not including `n`. */
  below: (n: number) => number
  oneOf: <T>(choices: readonly T[]) => T
}>

export const chance = (seed: number): Chance => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number): number => Math.floor(next() * n)
  return { below, oneOf: (choices) => choices[below(choices.length)] as (typeof choices)[number] }
}
