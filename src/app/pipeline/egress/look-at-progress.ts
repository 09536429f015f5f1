import * as E from 'fp-ts/lib/Either.js'
import type { Progress, Sink, SinkFailure } from '../../../egress/sink.js'

/**
 * The progress at a destination, read without fencing anybody out: a check that refuses makes the sink tell it before
 * it takes over. `undefined`: nothing was ever written. The sink is not connected afterwards.
 */
export const lookAtProgress = async (
  sink: Sink,
  signal: AbortSignal,
): Promise<E.Either<SinkFailure, Progress | undefined>> => {
  let seen: Readonly<{ progress: Progress | undefined }> | undefined
  const connected = await sink.connect(signal, async (progress) => {
    seen = { progress }
    return E.left('its progress was read')
  })()
  if (seen !== undefined) return E.right(seen.progress)
  return E.isLeft(connected) ? connected : E.right(undefined)
}
