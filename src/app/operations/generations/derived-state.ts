import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Logs } from '../../pipeline/logs/logs.js'
import { chosenGeneration, computedGenerations } from '../computed.js'
import { bytesIn, bytesOfState, isRowIndex, removeState } from './disk.js'

/**
 * What is kept beside the log and can be made again from it: the snapshots of a generation's fold, the index of its
 * rows, and the decoded facts of all generations.
 */
export const derivedKinds = ['snapshots', 'row-index', 'facts'] as const
export type DerivedKind = (typeof derivedKinds)[number]

export type DerivedOptions = Readonly<{
  logs: Logs
  tenant: string
  data: string
  /** Default the live generation. */
  name: string | undefined
  kinds: readonly DerivedKind[]
  /** Only say what would be thrown away. */
  dryRun: boolean
}>

export type DerivedOutcome = Readonly<{
  generation: string
  thrownAway: readonly Readonly<{ kind: DerivedKind; bytes: number }>[]
}>

/**
 * Throws derived state of a generation away: the next start folds the log again, with the same rows. Throws `LogLocked`
 * while a projector works on it. After an erasure a snapshot may be all that lets a generation go on (`erase`); its
 * projector then refuses and names the command.
 */
export const throwAwayDerived = async (options: DerivedOptions): Promise<DerivedOutcome> => {
  const { logs, tenant, data, kinds, dryRun } = options
  const { name } = chosenGeneration(await computedGenerations(logs, tenant), options.name, tenant)
  if (!dryRun) await logs.kpi(name, 'writer') // a projector has its state open
  try {
    const thrownAway: { kind: DerivedKind; bytes: number }[] = []
    for (const kind of new Set(kinds)) thrownAway.push({ kind, bytes: await thrown({ ...options, data }, name, kind) })
    return { generation: name, thrownAway }
  } finally {
    if (!dryRun) await logs.releaseKpi(name)
  }
}

const thrown = async (options: DerivedOptions, name: string, kind: DerivedKind): Promise<number> => {
  const { data, dryRun } = options
  if (kind === 'facts') {
    const facts = join(data, 'facts')
    const bytes = await bytesIn(facts)
    if (!dryRun && existsSync(facts)) rmSync(facts, { recursive: true, force: true })
    return bytes
  }
  const wanted = (path: string): boolean => isRowIndex(path) === (kind === 'row-index')
  return dryRun ? bytesOfState(options, name, wanted) : removeState(options, name, wanted)
}
