import { genesysClient, type GenesysClient } from '../../../genesys/client.js'
import { hostsOf } from '../../../genesys/regions.js'
import type { GenesysSettings } from '../../config/genesys-schema.js'

type Shared = { readonly client: GenesysClient; users: number }

/** The clients of this process by the settings they were opened with. */
const shared = new WeakMap<GenesysSettings, Shared>()

/**
 * A client for the organisation. All who open one with the same settings share its token and its budget of requests,
 * because the platform's limit counts by token; its connections end when the last of them has closed it.
 */
export const genesysClientOf = (settings: GenesysSettings): GenesysClient => {
  let own = shared.get(settings)
  if (own === undefined) shared.set(settings, (own = { client: clientFor(settings), users: 0 }))
  const { client } = own
  own.users += 1
  let isOpen = true
  return {
    ...client,
    close: async () => {
      if (!isOpen) return
      isOpen = false
      own.users -= 1
      if (own.users > 0) return
      shared.delete(settings)
      await client.close()
    },
  }
}

const clientFor = ({ region = '', url, clientId, clientSecret, requestsPerMinute }: GenesysSettings): GenesysClient => {
  const hosts = url === undefined ? hostsOf(region) : { api: url, login: url }
  // The schema of the configuration takes one of the two.
  if (hosts === undefined) throw new Error('genesys.region: write region, or url in place of it')
  return genesysClient({ hosts, clientId, clientSecret, requestsPerMinute })
}
