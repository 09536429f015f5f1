import { liveBefore, readGenerations, retire, type Generations, type Told } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { computedGenerations, UnknownGeneration } from '../computed.js'
import { bytesOfGeneration, removeState } from './disk.js'

/** The generation cannot be retired. Nothing was changed. */
export class RetireRefused extends Error {
  override readonly name = 'RetireRefused'
}

export type RetireOptions = Readonly<{
  logs: Logs
  tenant: string
  data: string | undefined
  name: string
  /** Also the generation that a rollback would need. */
  force: boolean
}>

export type RetirePlan = Readonly<{
  name: string
  /** What is freed in the data folder. On EventStoreDB, rows are freed by its next scavenge. */
  bytes: number
  /** It was retired before, and what that left is deleted. */
  isAgain: boolean
}>

/** What retiring a generation would free. Throws `RetireRefused`, `UnknownGeneration`, `NoGeneration`. */
export const planRetirement = async (options: RetireOptions): Promise<RetirePlan> => {
  const { name } = options
  const state = await computedGenerations(options.logs, options.tenant)
  assertRetirable(state, options)
  return { name, bytes: await bytesOfGeneration(options, name), isAgain: Object.hasOwn(state.retired, name) }
}

/**
 * Gives a generation up and deletes its rows, snapshots and row index. It is noted first: from then on nobody works on
 * it, and retiring it again deletes what a process that was killed in between has left. Throws `LogLocked` while another
 * process works on it.
 */
export const retireGeneration = async (
  options: RetireOptions & Readonly<{ told: Told; now: () => number }>,
): Promise<RetirePlan> => {
  const { logs, tenant, name, told, now } = options
  const plan = await planRetirement(options)
  if (!plan.isAgain) {
    await logs.kpi(name, 'writer') // nobody else may be at work on it
    try {
      await logs.changingControl(async (control) => {
        const state = await readGenerations(control, tenant)
        assertRetirable(state, options)
        await retire(control, tenant, state, name, new Date(now()), told)
      })
    } finally {
      await logs.releaseKpi(name)
    }
  }
  await logs.deleteKpi(tenant, name)
  await removeState(options, name, () => true)
  return plan
}

const assertRetirable = (state: Generations, { name, force }: RetireOptions): void => {
  if (!Object.hasOwn(state.all, name))
    throw new UnknownGeneration(`there is no generation ${name}; there are ${Object.keys(state.all).join(', ')}`)
  if (name === state.live)
    throw new RetireRefused(
      `generation ${name} is live: promote another one first (\`streamvane projections promote\`)`,
    )
  if (!force && name === liveBefore(state))
    throw new RetireRefused(
      `generation ${name} was live before ${state.live}: a rollback would need it. --force retires it all the same; rows that only it has, and that a destination still shows because its cut-over is not finished, then stay there`,
    )
}
