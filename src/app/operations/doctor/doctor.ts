import { LogDamaged } from '../../../log/event-log.js'
import { areas, failure, type Area, type Check, type Patient } from './check.js'
import { checkCertificates } from './check-certificates.js'
import { checkClock } from './check-clock.js'
import { checkConfiguration } from './check-configuration.js'
import { checkFacts, checkIndex, checkSnapshots } from './check-derived.js'
import { checkDisk } from './check-disk.js'
import { checkDestinations, checkFeeds, checkSources } from './check-ends.js'
import { checkEventStoreDb } from './check-eventstoredb.js'
import { checkGenesys } from './check-genesys.js'
import { checkBroker, checkRegistry } from './check-kafka.js'
import { checkLag } from './check-lag.js'
import { checkLog } from './check-log.js'
import { checkSecrets } from './check-secrets.js'

const checks: Readonly<Record<Area, (patient: Patient) => Promise<readonly Check[]>>> = {
  configuration: checkConfiguration,
  secrets: checkSecrets,
  log: checkLog,
  eventstoredb: checkEventStoreDb,
  clock: checkClock,
  facts: checkFacts,
  snapshots: checkSnapshots,
  index: checkIndex,
  disk: checkDisk,
  lag: checkLag,
  broker: checkBroker,
  registry: checkRegistry,
  destinations: checkDestinations,
  sources: checkSources,
  feeds: checkFeeds,
  genesys: checkGenesys,
  certificates: checkCertificates,
}

/**
 * Looks at each area in turn and says what is amiss and what mends it. It changes nothing, and runs beside everything
 * else. An area that cannot be looked at is a failure of that area, and the others are looked at all the same.
 */
export async function* examine(patient: Patient, only: readonly Area[] = areas): AsyncGenerator<Check> {
  for (const area of areas) {
    if (!only.includes(area)) continue
    try {
      yield* await checks[area](patient)
    } catch (cause) {
      yield failure(
        area,
        area,
        (cause as Error).message,
        cause instanceof LogDamaged ? 'streamvane restore' : undefined,
      )
    }
  }
}
