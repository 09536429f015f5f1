import { isKafkaSink, type SinkSettings } from '../../config/sinks/egress-sinks.js'
import { namesTopicIn } from '../../config/sinks/egress-schema.js'
import type { Look } from './look.js'
import type { StageStatus } from './report.js'
import { stageState } from './stage-state.js'

/** The stage of each sink that publishes names. What it lags behind is known to its process alone. */
export const namesStages = (
  { health, at }: Pick<Look, 'health' | 'at'>,
  sinks: readonly SinkSettings[],
): readonly StageStatus[] =>
  sinks.flatMap((sink): readonly StageStatus[] => {
    if (!isKafkaSink(sink) || namesTopicIn(sink.settings) === undefined) return []
    const stage = sinks.length === 1 ? 'names' : `names.${sink.name}`
    const seen = stageState({
      ...{ waiting: undefined, health: health.get(stage), writer: undefined, isKnowable: false, now: at },
    })
    return [{ stage, ...seen, lagEvents: null, lagMs: null, lastCommit: null, process: null, mend: null }]
  })
