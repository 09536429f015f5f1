/**
 * A quantile sketch of durations: a histogram whose buckets are 1 ms wide below 128 ms and one sixty-fourth of their
 * power of two above. A quantile read from it is within 1/128 (0.8 %) of the true one, whole numbers only, and two
 * sketches are added bucket by bucket: order, batches and machines make no difference. (ADR 0007 says why this and no
 * other.)
 */
export type Sketch = readonly (readonly [bucket: number, count: number])[]

/** No quantile read from a sketch is further than this share away from the true one. */
export const SKETCH_ERROR_MAX = 1 / 128

const SUB_BITS = 6
const SUBS = 2 ** SUB_BITS

/** The bucket of a duration in whole ms, not negative, below 2^53. Buckets ascend with durations and leave none out. */
export const bucketOf = (ms: number): number => {
  if (ms < SUBS) return ms
  const power = log2(ms) - SUB_BITS
  return power * SUBS + Math.floor(ms / 2 ** power)
}

/** The largest duration in a bucket, ms: inclusive. */
export const bucketThrough = (bucket: number): number => bucketFrom(bucket + 1) - 1

/** The smallest duration in a bucket, ms. */
export const bucketFrom = (bucket: number): number => {
  if (bucket < 2 * SUBS) return bucket
  const power = Math.floor(bucket / SUBS) - 1
  return (bucket - power * SUBS) * 2 ** power
}

export const noSketch: Sketch = []

/** Adds two sketches: the counts of equal buckets. */
export const addSketches = (a: Sketch, b: Sketch): Sketch => {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const counts = new Map(a)
  for (const [bucket, count] of b) counts.set(bucket, (counts.get(bucket) ?? 0) + count)
  return sketchOf(counts)
}

/** The buckets in ascending order. */
export const sketchOf = (counts: ReadonlyMap<number, number>): Sketch => [...counts].sort(([a], [b]) => a - b)

/**
 * The value below or at which the share `q` of all durations lies (nearest rank), within `SKETCH_ERROR_MAX`, and never
 * outside `[min, max]`; whole ms. `undefined` for an empty sketch.
 */
export const quantile = (sketch: Sketch, q: number, min: number, max: number): number | undefined => {
  const total = sketch.reduce((sum, [, count]) => sum + count, 0)
  const rank = Math.max(1, Math.ceil(q * total))
  let seen = 0
  for (const [bucket, count] of sketch) {
    seen += count
    if (seen >= rank) return Math.min(max, Math.max(min, middleOf(bucket)))
  }
  return undefined
}

/**
 * Half-way through a bucket. Taken as a distance from its start: the sum of its ends may be more than a number holds
 * exactly.
 */
const middleOf = (bucket: number): number =>
  bucketFrom(bucket) + Math.floor((bucketThrough(bucket) - bucketFrom(bucket)) / 2)

/** Position of the highest bit. `Math.log2` may round up just below a power of two. */
const log2 = (ms: number): number =>
  ms < 2 ** 32 ? 31 - Math.clz32(ms) : 32 + 31 - Math.clz32(Math.floor(ms / 2 ** 32))
