import { sourceStates, stageAlarms, stageStates, stageTroubles } from '../../telemetry/catalogue.js'
import type { Gauge, Gauges } from '../../telemetry/metrics/meters.js'
import type { SourceState } from '../pipeline/activity.js'
import type { HealthReport } from '../pipeline/health.js'
import type { StageHandle } from '../pipeline/stage.js'

/** What the stages of this process and their sources tell of themselves, as `/readyz` does. */
export const stageGauges =
  (
    stages: () => readonly StageHandle[],
    { health, isDraining, now }: Readonly<{ health: () => HealthReport; isDraining: () => boolean; now: () => number }>,
  ): Gauges =>
  () => {
    const report = health()
    return [
      { id: 'ready', value: report.ready && !isDraining() ? 1 : 0 },
      { id: 'logUp', value: report.log.kind === 'well' ? 1 : 0 },
      ...stages().flatMap((stage) => gaugesOf(stage, now())),
    ]
  }

const gaugesOf = (stage: StageHandle, now: number): readonly Gauge[] => {
  const { name } = stage
  const state = stage.state()
  const { troubles, alarms, behindSince, figures, losses, sources = [] } = stage.activity()
  const isAtWork = state.kind === 'running' || state.kind === 'starting'
  const behindMs = behindSince === undefined ? 0 : Math.max(0, now - behindSince)
  return [
    ...oneOf('stageState', name, stageStates, state.kind),
    ...stageTroubles.map((trouble) =>
      flag('stageTrouble', [name, trouble], isAtWork && troubles.some((each) => each.trouble === trouble)),
    ),
    ...stageAlarms.map((alarm) =>
      flag(
        'stageAlarm',
        [name, alarm],
        alarms.some((each) => each.alarm === alarm),
      ),
    ),
    { id: 'stageLagSeconds', labels: [name], value: Math.max(behindMs, figures?.['lagMs'] ?? 0) / 1_000 },
    ...(figures?.['lagRows'] === undefined
      ? []
      : ([{ id: 'stageLagEvents', labels: [name], value: figures['lagRows'] }] as const)),
    ...(figures?.['buckets'] === undefined ? [] : ([{ id: 'heldBuckets', value: figures['buckets'] }] as const)),
    { id: 'retries', labels: [name], value: losses },
    ...sources.flatMap(sourceGauges),
  ]
}

const sourceGauges = ({ name, state, lag }: SourceState): readonly Gauge[] => [
  ...oneOf('sourceState', name, sourceStates, state),
  ...(lag?.events === undefined ? [] : ([{ id: 'sourceLagEvents', labels: [name], value: lag.events }] as const)),
  ...(lag?.seconds === undefined ? [] : ([{ id: 'sourceLagSeconds', labels: [name], value: lag.seconds }] as const)),
]

const flag = (id: Gauge['id'], labels: readonly string[], is: boolean): Gauge => ({ id, labels, value: is ? 1 : 0 })

const oneOf = (id: Gauge['id'], name: string, all: readonly string[], current: string): readonly Gauge[] =>
  all.map((each) => flag(id, [name, each], each === current))
