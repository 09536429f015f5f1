import type { SignedHead } from '../../../audit/tree-head.js'
import { restartTree } from './restart-tree.js'
import { Sealing, type SealingOptions } from './sealing.js'

export type SealOptions = SealingOptions &
  Readonly<{
    /** Trees that begin again although history is not what was signed, and why. */
    restart: readonly string[]
    why: string
  }>

/** Signs heads for what came since the last ones, once. Throws as `Sealing` does, and `NoSuchTree`. */
export const seal = async ({ restart, why, ...options }: SealOptions): Promise<readonly SignedHead[]> => {
  const { logs, tenant, now } = options
  const at = new Date(now()).toISOString()
  for (const tree of restart) await restartTree(logs, tenant, { tree, at, why })
  const sealing = await Sealing.open(options)
  try {
    return await sealing.round()
  } finally {
    await sealing.close()
  }
}
