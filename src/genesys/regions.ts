/** Where an organisation lives: addresses without a path. */
export type GenesysHosts = Readonly<{ api: string; login: string }>

/**
 * Domains of the regions of Genesys Cloud by their AWS name (developer.genesys.cloud, "AWS regions"; the SDKs list the
 * same). `us-east-2` is the region for authorities of the United States.
 */
const domains = {
  'us-east-1': 'mypurecloud.com',
  'us-east-2': 'use2.us-gov-pure.cloud',
  'us-west-2': 'usw2.pure.cloud',
  'ca-central-1': 'cac1.pure.cloud',
  'mx-central-1': 'mxc1.pure.cloud',
  'sa-east-1': 'sae1.pure.cloud',
  'eu-west-1': 'mypurecloud.ie',
  'eu-west-2': 'euw2.pure.cloud',
  'eu-central-1': 'mypurecloud.de',
  'eu-central-2': 'euc2.pure.cloud',
  'me-central-1': 'mec1.pure.cloud',
  'ap-south-1': 'aps1.pure.cloud',
  'ap-southeast-1': 'apse1.pure.cloud',
  'ap-southeast-2': 'mypurecloud.com.au',
  'ap-northeast-1': 'mypurecloud.jp',
  'ap-northeast-2': 'apne2.pure.cloud',
  'ap-northeast-3': 'apne3.pure.cloud',
} as const

/** The AWS names of the regions, as they are configured. */
export const regionNames: readonly string[] = Object.keys(domains)

/**
 * The hosts of a region, given by its AWS name (`eu-central-1`) or its domain (`mypurecloud.de`); `undefined` for a
 * region that is not known.
 */
export const hostsOf = (region: string): GenesysHosts | undefined => {
  const known: Readonly<Record<string, string>> = domains
  const domain = known[region] ?? Object.values(known).find((each) => each === region)
  return domain === undefined ? undefined : { api: `https://api.${domain}`, login: `https://login.${domain}` }
}
