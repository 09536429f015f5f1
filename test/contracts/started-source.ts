import { onTestFinished } from 'vitest'
import type { Deliver, RunningSource, Source } from '../../src/ingress/source.js'

/**
 * Starts a source for a test, and closes it at its end. `refused` resolves when `deliver` has refused a batch: nothing
 * more is acknowledged then.
 */
export const startedWith = async (
  source: Source,
  deliver: Deliver,
): Promise<Readonly<{ running: RunningSource; refused: Promise<void> }>> => {
  let onRefused = (): void => undefined
  const refused = new Promise<void>((resolve) => (onRefused = resolve))
  const running = await source.start((batch) =>
    deliver(batch).catch((cause: unknown) => {
      onRefused()
      throw cause
    }),
  )
  onTestFinished(() => running.close())
  return { running, refused }
}
