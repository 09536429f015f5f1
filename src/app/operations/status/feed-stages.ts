import { readDeliveries } from '../feeds/deliveries.js'
import type { Look } from './look.js'
import type { StageStatus } from './report.js'
import { stageState } from './stage-state.js'

/** The stage of each feed that is delivered: how it is, and what became of its last delivery. */
export const feedStages = async ({ config, logs, health, at }: Look): Promise<readonly StageStatus[]> => {
  const pushed = config.feeds.list.filter(({ push }) => push !== undefined)
  if (pushed.length === 0) return []
  const deliveries = await readDeliveries(logs, config.tenant)
  return pushed.map(({ name }): StageStatus => {
    const stage = `feed.${name}`
    const last = deliveries.findLast(({ began }) => began.feed === name)
    const seen = stageState({
      ...{ waiting: undefined, health: health.get(stage), writer: undefined, isKnowable: false, now: at },
    })
    const told = last === undefined ? null : `delivery ${last.began.number}: ${last.ended?.result ?? 'open'}`
    return {
      ...{ stage, state: seen.state, since: seen.since, lagEvents: null, lagMs: null, process: null },
      lastCommit: last?.ended?.at ?? last?.began.at ?? null,
      says: seen.says ?? told,
      mend: last?.ended?.result === 'refused' ? `streamvane feeds log ${name} --result refused` : null,
    }
  })
}
