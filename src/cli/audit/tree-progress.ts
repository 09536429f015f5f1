import type { Logger } from 'pino'
import { progressBar, type Progress } from '../command/progress.js'

/** Progress over the trees of a log, one after the other. */
export const treeProgress = (
  logger: Logger | undefined,
): Readonly<{ at: (tree: string, leaves: number, total: number) => void; stop: () => void }> => {
  let current: Readonly<{ tree: string; bar: Progress }> | undefined
  const stop = (): void => current?.bar.stop()
  return {
    at: (tree, leaves, total) => {
      if (current?.tree !== tree) {
        stop()
        current = { tree, bar: progressBar(tree, total, { unit: 'events', logger }) }
      }
      current.bar.update(leaves)
    },
    stop,
  }
}
