import { frontierIn } from '../../../ingress/clock.js'
import { ifThere } from '../../../log/if-there.js'
import { readGenerations, type Generations } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { readRenderings, type Renderings } from '../../renderings.js'
import type { FeedRows } from './build.js'

export type FeedLogs = Readonly<{ tenant: string; logs: Logs; data: string | undefined }>

/** The rows of a generation; `undefined` if there are none any more. */
export const feedRows = async (
  { tenant, logs, data }: FeedLogs,
  name: string,
  known?: Generations,
): Promise<FeedRows | undefined> => {
  const { all, retired } = known ?? (await readGenerations(await logs.control('reader'), tenant))
  const generation = Object.hasOwn(all, name) ? all[name] : undefined
  if (generation === undefined || Object.hasOwn(retired, name)) return undefined
  const kpi = await ifThere(() => logs.kpi(name, 'reader'))
  if (kpi === undefined) return undefined
  const read = async (): Promise<Renderings> => {
    const raw = await ifThere(() => logs.raw('reader'))
    const frontier = raw === undefined ? undefined : await frontierIn(raw, tenant)
    return readRenderings(raw, tenant, generation, frontier)
  }
  let reading: Promise<Renderings> | undefined
  const of = { kpi, tenant, generation: name, data }
  return { of, generation, renderings: () => (reading ??= read()) }
}

/** The rows of the live generation; `undefined` while there is none. */
export const liveFeedRows = async (of: FeedLogs): Promise<FeedRows | undefined> => {
  const control = await ifThere(() => of.logs.control('reader'))
  if (control === undefined) return undefined
  const generations = await readGenerations(control, of.tenant)
  return generations.live === undefined ? undefined : feedRows(of, generations.live, generations)
}
