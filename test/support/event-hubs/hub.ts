import { Secret } from '../../../src/credentials/secret.js'
import { sharedAccessTokens } from '../../../src/credentials/shared-access-signature.js'
import type { EventHubsOptions } from '../../../src/egress/event-hubs/options.js'
import type { Delivered } from '../../contracts/sink.contract.js'
import type { StandInEventHub } from './server.js'

/** Settings of a sink that writes to the event hub `kpis` of the stand-in. */
export const hubOptionsOf = (hub: StandInEventHub, changes: Partial<EventHubsOptions> = {}): EventHubsOptions => ({
  endpoint: { host: '127.0.0.1', port: hub.port, tls: false },
  eventHub: 'kpis',
  tokens: {
    kind: 'shared-access',
    source: sharedAccessTokens(Secret.literal(hub.connectionString()), 'sb://127.0.0.1/kpis', 'Event Hubs'),
  },
  key: 'row',
  markers: false,
  bytesMax: 1_000_000,
  settings: 'egress.sinks[hub]',
  busyBackoff: { firstMs: 1, maxMs: 5 },
  ...changes,
})

/** The rows in all partitions, as the sink contract looks at them. */
export const rowsStored = ({ partitions }: StandInEventHub): readonly Delivered[] =>
  partitions.flat().map(({ properties }) => ({
    topic: String(properties['ce_type']),
    key: String(properties['ce_subject']),
    revision: Number(properties['streamvane-row-revision']),
    replay: properties['streamvane-replay'] === 'true',
  }))
