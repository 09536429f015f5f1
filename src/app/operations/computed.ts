import { NoLog } from '../../log/event-log.js'
import { readGenerations, type Generation, type Generations } from '../pipeline/generations.js'
import type { Logs } from '../pipeline/logs/logs.js'

/** Nothing was computed for the tenant: it has no generation. */
export class NoGeneration extends Error {
  override readonly name = 'NoGeneration'
  constructor(tenant: string) {
    super(
      `tenant ${tenant} has no rows yet, because nothing was computed from its log: \`streamvane run --until-caught-up\` computes rows (or check --data and --tenant)`,
    )
  }
}

/** There is no generation of this name. The message names those that exist. */
export class UnknownGeneration extends Error {
  override readonly name = 'UnknownGeneration'
}

/**
 * The generations of a tenant. A log that holds raw events and no generations is complete: it was imported, and nothing
 * was computed from it yet. Throws `NoGeneration` then, and `NoLog` if there is no log at all.
 */
export const computedGenerations = async (logs: Logs, tenant: string): Promise<Generations> => {
  try {
    return await readGenerations(await logs.control('reader'), tenant)
  } catch (cause) {
    if (!(cause instanceof NoLog)) throw cause
    await logs.raw('reader')
    throw new NoGeneration(tenant)
  }
}

/** The generation of this name, by default the live one. Throws `NoGeneration`, `UnknownGeneration`. */
export const chosenGeneration = (
  { all, live, retired }: Generations,
  name: string | undefined,
  tenant: string,
): Generation => {
  const wanted = name ?? live
  if (wanted === undefined) throw new NoGeneration(tenant)
  const generation = Object.hasOwn(all, wanted) ? all[wanted] : undefined
  const gone = retired[wanted]
  if (gone !== undefined)
    throw new UnknownGeneration(`generation ${wanted} was retired at ${gone.at}: its rows are deleted`)
  if (generation === undefined)
    throw new UnknownGeneration(`there is no generation ${wanted}; there are ${Object.keys(all).join(', ')}`)
  return generation
}
