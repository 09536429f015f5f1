import * as E from 'fp-ts/lib/Either.js'
import type { Sink, SinkFailure } from './sink.js'

/**
 * A sink whose code, and the client that it brings, is loaded when it connects: most installations use none of its
 * kind.
 */
export const lazySink = (name: string, load: () => Promise<Sink>): Sink => {
  let loaded: Sink | undefined
  const notConnected: SinkFailure = { tag: 'NotConnected', cause: new Error('not connected') }
  return {
    name,
    connect: (signal, check) => async () => {
      try {
        loaded ??= await load()
      } catch (cause) {
        return E.left({
          tag: 'Refused',
          reason: `${name}: its code cannot be loaded (${String(cause)}); install Streamvane again`,
        })
      }
      return loaded.connect(signal, check)()
    },
    write: (batch, signal) => async () => (loaded === undefined ? E.left(notConnected) : loaded.write(batch, signal)()),
    stillOwner: (signal) => async () => (await loaded?.stillOwner?.(signal)()) ?? E.left(notConnected),
    close: async () => loaded?.close(),
  }
}
