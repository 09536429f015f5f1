import * as E from '../domain/either.js'
import type { Sink, SinkFailure } from './sink.js'

/** What is known of a sink before its code is loaded. */
type Known = Readonly<{ keepsLatest?: boolean; setsRowsAside?: boolean }>

/**
 * A sink whose code, and the client that it brings, is loaded when it connects: most installations use none of its
 * kind.
 */
export const lazySink = (name: string, load: () => Promise<Sink>, known: Known = {}): Sink => {
  let loaded: Sink | undefined
  const notConnected: SinkFailure = { tag: 'NotConnected', cause: new Error('not connected') }
  return {
    name,
    connect: (signal, check) => async () => {
      try {
        loaded ??= await load()
      } catch (cause) {
        const reason =
          cause instanceof Error && cause.name === 'UnusablePackage'
            ? cause.message
            : `its code cannot be loaded (${String(cause)}); install Streamvane again`
        return E.left({ tag: 'Refused', reason: `${name}: ${reason}` })
      }
      return loaded.connect(signal, check)()
    },
    write: (batch, signal) => async () => (loaded === undefined ? E.left(notConnected) : loaded.write(batch, signal)()),
    prepare: (batch) => loaded?.prepare?.(batch),
    delivery: () => (loaded?.delivery === undefined ? loaded && 'exactly-once' : loaded.delivery()),
    stillOwner: (signal) => async () => {
      if (loaded === undefined) return E.left(notConnected)
      return loaded.stillOwner === undefined ? E.right(undefined) : loaded.stillOwner(signal)()
    },
    ...(known.keepsLatest !== undefined && { keepsLatest: known.keepsLatest }),
    ...(known.setsRowsAside === true && { deadLettered: () => loaded?.deadLettered?.() ?? 0 }),
    close: async () => loaded?.close(),
  }
}
