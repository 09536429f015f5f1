/** Figures of the repeats of one measurement. */
export type Repeats = Readonly<{ median: number; spread: number }>

export const repeatsOf = (figures: readonly number[]): Repeats => {
  const sorted = [...figures].sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]
  if (median === undefined) throw new Error('a measurement without repeats')
  return { median, spread: ((sorted.at(-1) as number) - (sorted[0] as number)) / median }
}

/** Seconds that the work takes. */
export const secondsOf = async (work: () => unknown): Promise<number> => {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1_000
}
