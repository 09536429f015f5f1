import type { SinkSettings } from '../../../config/sinks/egress-sinks.js'
import type { Config } from '../../../config/schema.js'
import { intervalRowsOf } from '../../../pipeline/egress/interval-rows.js'
import type { Generations } from '../../../pipeline/generations.js'
import type { Logs } from '../../../pipeline/logs/logs.js'
import { openObjectStore } from '../../../sinks/objects.js'
import type { Compared } from '../findings.js'
import { demandedOf } from '../topic/verify-sink.js'
import { verifyObjects, type ObjectsVerification } from './verify-objects.js'

/** Verifies the objects of a sink of the configuration (`verifyObjects`). Throws `VerifyRefused`. */
export const verifyObjectsSink = async (
  sink: SinkSettings,
  {
    config: { tenant, data },
    logs,
    generations,
    generation,
    compared,
    signal,
  }: Readonly<{
    config: Config
    logs: Logs
    generations: Generations
    generation: string
    compared: Compared
    signal: AbortSignal
  }>,
): Promise<ObjectsVerification> => {
  const store = await openObjectStore(sink)
  if (store === undefined) throw new Error(`sink ${sink.name} is none of object storage`)
  try {
    return await verifyObjects({
      ...{ sink: sink.name, store, filter: sink.filter, compared, signal },
      ...{ intervalRows: intervalRowsOf({ tenant, logs, data }), demanded: demandedOf(sink, generations) },
      of: { kpi: await logs.kpi(generation, 'reader'), tenant, generation, data },
    })
  } finally {
    store.close()
  }
}
