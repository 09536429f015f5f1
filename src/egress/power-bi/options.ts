import type { TokenSource } from '../../credentials/token-source.js'
import type { FamilyName } from '../../domain/family.js'

export type PowerBiOptions = Readonly<{
  /** `https://api.powerbi.com`, or that of a sovereign cloud. */
  apiUrl: string
  workspaceId: string
  /** The push semantic model, by id, or by name; `create`: it is made if there is none of that name. */
  dataset: Readonly<{ id: string }> | Readonly<{ name: string; create: boolean; retention: 'basicFIFO' | 'None' }>
  /** Those whose rows are pushed: each needs a table. */
  families: readonly FamilyName[]
  /** Columns beside those that say which row it is. */
  figures: readonly string[]
  tokens: TokenSource
  requestTimeoutMs: number
}>
