import type { EventLog } from '../../../log/event-log.js'
import { machineTiming } from '../../../genesys/timing.js'
import type { GenesysClient } from '../../../genesys/client.js'
import { fillsGaps } from '../../config/sources/genesys-schema.js'
import type { PipelineOptions } from '../pipeline-options.js'
import type { StageControl, StageEnd } from '../stage.js'

/** A stage beside the ingress, whose process writes the raw log. */
type GenesysStage = Readonly<{
  name: string
  work: (raw: EventLog, control: StageControl) => Promise<StageEnd>
}>

type Working = (client: GenesysClient, raw: EventLog, control: StageControl) => Promise<StageEnd>

/**
 * What the configuration asks of the organisation in Genesys Cloud, a stage for each. Their code is loaded when they
 * start.
 */
export const genesysStages = ({ config, logs, logger, now }: PipelineOptions): readonly GenesysStage[] => {
  const { tenant, data, genesys, sources } = config
  const timing = { ...machineTiming, now }
  const stage = (name: string, working: Working): GenesysStage => ({
    name,
    work: async (raw, control) => {
      const { genesysSettings } = await import('../../operations/genesys/genesys-settings.js')
      const { genesysClientOf } = await import('../../operations/genesys/open-client.js')
      const client = genesysClientOf(genesysSettings(config))
      try {
        return await working(client, raw, control)
      } finally {
        await client.close()
      }
    },
  })
  const stages: GenesysStage[] = []
  const everyMs = genesys?.sync.every
  if (genesys !== undefined && everyMs !== undefined)
    stages.push(
      stage('genesys.sync', async (client, raw, control) => {
        const { runSync } = await import('./sync-stage.js')
        const { organisationSettings } = genesys
        return runSync({ tenant, raw, logs, client, organisationSettings, everyMs, logger, now }, control)
      }),
    )
  const marginMs = fillsGaps(sources)
  if (marginMs !== undefined)
    stages.push(
      stage('genesys.gaps', async (client, raw, control) => {
        const { runGaps } = await import('./gaps-stage.js')
        return runGaps({ tenant, raw, logs, client, marginMs, logger, timing }, control)
      }),
    )
  const days = genesys?.reconcile.days ?? []
  if (days.length > 0)
    stages.push(
      stage('genesys.reconcile', async (client, _, control) => {
        const { runReconcile } = await import('./reconcile-stage.js')
        const { delay: delayMs = 0 } = genesys?.reconcile ?? {}
        return runReconcile({ tenant, data, logs, client, days, delayMs, logger, timing }, control)
      }),
    )
  return stages
}
