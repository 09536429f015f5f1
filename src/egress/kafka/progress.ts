import type { PartitionReader } from './kafkajs-internals.js'
import type { Progress } from '../sink.js'

/**
 * The record in the progress topic, keyed by transactional id: how far this egress has come, and which instance wrote
 * it. Each instance writes one when it connects (its claim), so that one that loses its epoch can tell whether somebody
 * took over or its own transaction merely expired.
 */
export type ProgressRecord = Readonly<{ progress: Progress | undefined; owner: Owner }>

/** `id` is new for each connection. */
export type Owner = Readonly<{ id: string; host: string; pid: number }>

export const encodeProgress = ({ progress, owner }: ProgressRecord): Buffer =>
  Buffer.from(JSON.stringify({ version: 1, ...progress, owner }))

/** Throws if a later version has written it: going on from a wrong place would lose or double rows. */
export const decodeProgress = (value: Buffer): ProgressRecord => {
  const { version, generation, revision, owner } = JSON.parse(value.toString('utf8')) as {
    version: number
    owner: Owner
  } & Partial<Progress>
  if (version !== 1) throw new Error(`the progress record has version ${version}, which this version cannot read`)
  return { progress: generation === undefined || revision === undefined ? undefined : { generation, revision }, owner }
}

const FIRST_WINDOW = 200n

/**
 * The last committed record with this key, read backwards in growing windows, since a busy progress topic may hold a
 * million records that are not compacted yet. Waits for transactions of other egresses that are open at the end now:
 * one of them may stand before ours.
 */
export const readProgress = async (
  reader: PartitionReader,
  { topic, partition, key }: Readonly<{ topic: string; partition: number; key: string }>,
  signal: AbortSignal,
): Promise<ProgressRecord | undefined> => {
  const { first, end } = await reader.bounds(topic, partition)
  let through = end
  for (let window = FIRST_WINDOW; through > first; window *= 8n) {
    const from = through - window > first ? through - window : first
    let found: Buffer | undefined
    for (let at = from; at < through;) {
      signal.throwIfAborted()
      const { records, next } = await reader.fetch(topic, partition, at)
      for (const { key: itsKey, value, offset } of records)
        if (offset < through && value !== null && itsKey?.toString('utf8') === key) found = value
      at = next
    }
    if (found !== undefined) return decodeProgress(found)
    through = from
  }
  return undefined
}
