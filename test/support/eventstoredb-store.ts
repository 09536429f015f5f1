/** Test support: what an EventStoreDB server holds, in memory, with its rules of expected revisions and repeats. */
export type Proposed = Readonly<{ id: string; metadata: ReadonlyMap<string, string>; customMetadata: Uint8Array; data: Uint8Array }>
export type Stored = Proposed & Readonly<{ stream: string; revision: number; commit: bigint; prepare: bigint }>
export type Expected = number | 'any' | 'no-stream'

export type Store = Readonly<{
  all: readonly Stored[]
  streamOf: (stream: string) => readonly Stored[]
  /** The stream's last revision, or `wrong` with the actual one (-1: no stream). A repeat at its own place succeeds, as with the real server. */
  append: (stream: string, expected: Expected, events: readonly Proposed[]) => Readonly<{ revision: number } | { wrong: number }>
  /** As a transaction of the old TCP clients would: commit and prepare positions differ. */
  appendTransaction: (stream: string, event: Proposed) => void
  onGrowth: (hear: () => void) => () => void
}>

export const eventStoreDbStore = (): Store => {
  const all: Stored[] = []
  const streams = new Map<string, Stored[]>()
  const hearers = new Set<() => void>()
  let position = 1_000n

  const add = (stream: string, event: Proposed, lag = 0n): void => {
    position += BigInt(100 + event.data.byteLength + event.customMetadata.byteLength)
    const held = streams.get(stream) ?? []
    streams.set(stream, held)
    const stored = { ...event, stream, revision: held.length, commit: position, prepare: position - lag }
    held.push(stored)
    all.push(stored)
  }
  const grown = (): void => {
    for (const hear of [...hearers]) hear()
  }

  return {
    all,
    streamOf: (stream) => streams.get(stream) ?? [],
    append: (stream, expected, events) => {
      const held = streams.get(stream) ?? []
      const last = held.length - 1
      const at = expected === 'any' ? last : expected === 'no-stream' ? -1 : expected
      if (at !== last) {
        const isRepeat = at < last && events.length > 0 && events.every(({ id }, i) => held[at + 1 + i]?.id === id)
        return isRepeat ? { revision: at + events.length } : { wrong: last }
      }
      for (const event of events) add(stream, event)
      grown()
      return { revision: last + events.length }
    },
    appendTransaction: (stream, event) => {
      add(stream, event, 50n)
      grown()
    },
    onGrowth: (hear) => {
      hearers.add(hear)
      return () => hearers.delete(hear)
    },
  }
}
