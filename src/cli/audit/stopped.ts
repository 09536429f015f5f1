import { EXIT } from '../command/exit.js'

/** Runs work that a signal may stop. Stopped before its end it has left nothing, and the exit code says so. */
export const unlessStopped = async (signal: AbortSignal, work: () => Promise<number>): Promise<number> => {
  try {
    return await work()
  } catch (cause) {
    if (!signal.aborted) throw cause
    console.error('stopped before the end; nothing was written')
    return EXIT.differences
  }
}
