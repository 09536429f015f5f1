import { LogUnavailable, type EventLog, type Live, type RecordedEvent } from '../../src/log/event-log.js'

/** Every event of a log, as it is. */
export const eventsOf = async (log: EventLog): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of log.readAll())
    for (const { stream, revision, position, id, type, data, metadata } of batch)
      events.push({ stream, revision, position, id, type, data, metadata })
  return events
}

/**
 * A log that holds these events and can only be read: what an operator would find after somebody changed a log. Events
 * of a stream are numbered anew, as a log that lost one would have been written.
 */
export const fixedLog = (given: readonly RecordedEvent[], id: string): EventLog => {
  const revisions = new Map<string, number>()
  const events = given.map((event) => {
    const revision = (revisions.get(event.stream) ?? -1) + 1
    revisions.set(event.stream, revision)
    return { ...event, revision }
  })
  const refuse = (): never => {
    throw new LogUnavailable('this log can only be read')
  }
  const all: EventLog['readAll'] = async function* ({ after = -1n, through, prefixes, batchMax = 1_000 } = {}) {
    const wanted = events.filter(
      ({ position, stream }) =>
        position > after &&
        (through === undefined || position <= through) &&
        (prefixes === undefined || prefixes.some((prefix) => stream.startsWith(prefix))),
    )
    yield* inBatches(wanted, batchMax)
  }
  return {
    append: refuse,
    erase: refuse,
    readAll: all,
    readStreams: (prefixes) => all({ prefixes }),
    readStream: async function* (stream, { from, max = Infinity, backwards = false, batchMax = 1_000 } = {}) {
      const held = events.filter((event) => event.stream === stream)
      const wanted = backwards ? held.slice(0, (from ?? Infinity) + 1).reverse() : held.slice(from ?? 0)
      yield* inBatches(wanted.slice(0, max), batchMax)
    },
    subscribe: async function* (options): AsyncGenerator<Live> {
      for await (const batch of all(options)) yield { kind: 'events', events: batch }
      yield { kind: 'caught-up', position: events.at(-1)?.position }
    },
    subscribeStream: refuse,
    id: () => Promise.resolve(id),
    head: () => Promise.resolve(events.at(-1)?.position),
    streamRevision: (stream) => Promise.resolve(revisions.get(stream)),
    close: () => Promise.resolve(),
  }
}

function* inBatches<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size)
}
