import { batchBytes, type EncodedEvent } from './event.js'

/** Events of one partition key, in order, as one message. */
export type EventBatch = Readonly<{ partitionKey: string; events: readonly EncodedEvent[] }>

/**
 * Cuts events into batches of one partition key each and at most `bytesMax`, and these into waves: within a wave each
 * key has one batch. A wave is sent when the one before is stored, so a key never has two batches on their way, of which
 * the second could be stored while the first is turned down. Returns the event instead that is too large by itself.
 */
export const wavesOf = (
  events: readonly EncodedEvent[],
  bytesMax: number,
): readonly (readonly EventBatch[])[] | EncodedEvent => {
  const byKey = new Map<string, EncodedEvent[][]>()
  const loads = new Map<string, number>()
  for (const event of events) {
    const { partitionKey } = event
    const alone = batchBytes([event])
    if (alone > bytesMax) return event
    const batches = byKey.get(partitionKey) ?? []
    byKey.set(partitionKey, batches)
    const load = (loads.get(partitionKey) ?? Infinity) + alone
    if (load <= bytesMax) batches.at(-1)?.push(event)
    else batches.push([event])
    loads.set(partitionKey, load <= bytesMax ? load : alone)
  }
  const waves: EventBatch[][] = []
  for (const [partitionKey, batches] of byKey)
    batches.forEach((each, index) => (waves[index] ??= []).push({ partitionKey, events: each }))
  return waves
}
