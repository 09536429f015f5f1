import { genesysClient, type GenesysClient } from '../../../genesys/client.js'
import { hostsOf } from '../../../genesys/regions.js'
import type { GenesysSettings } from '../../config/genesys-schema.js'

/** A client for the organisation. Close it; share it, because the limit of requests counts by token. */
export const genesysClientOf = (settings: GenesysSettings): GenesysClient => {
  const { region = '', url, clientId, clientSecret, requestsPerMinute } = settings
  const hosts = url === undefined ? hostsOf(region) : { api: url, login: url }
  // The schema of the configuration takes one of the two.
  if (hosts === undefined) throw new Error('genesys.region: write region, or url in place of it')
  return genesysClient({ hosts, clientId, clientSecret, requestsPerMinute })
}
