import { genesysClient, type GenesysClient } from '../../../genesys/client.js'
import { hostsOf } from '../../../genesys/regions.js'
import type { Config } from '../../config/schema.js'
import type { GenesysSettings } from '../../config/genesys-schema.js'
import { ConfigError } from '../../config/schema.js'

/** The settings of the organisation. Throws `ConfigError` where there are none. */
export const genesysSettings = ({ genesys }: Config): GenesysSettings => {
  if (genesys !== undefined) return genesys
  throw new ConfigError(
    'genesys: there is no organisation in the configuration: write genesys.region, genesys.clientId and genesys.clientSecret (docs/sources/genesys.md)',
  )
}

/** A client for the organisation. Close it; share it, because the limit of requests counts by token. */
export const genesysClientOf = (settings: GenesysSettings): GenesysClient => {
  const { region = '', url, clientId, clientSecret, requestsPerMinute } = settings
  const hosts = url === undefined ? hostsOf(region) : { api: url, login: url }
  if (hosts === undefined) throw new ConfigError('genesys.region: write region, or url in place of it')
  return genesysClient({ hosts, clientId, clientSecret, requestsPerMinute })
}
