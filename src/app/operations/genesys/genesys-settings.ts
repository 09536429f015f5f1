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
