/** Where a secret is kept in a vault. `text` is the reference as it is written, for messages. */
export type VaultReference = Readonly<{ text: string }> &
  (
    | Readonly<{ kind: 'keyvault'; origin: string; name: string; version: string | undefined }>
    | Readonly<{ kind: 'aws-secret'; id: string; region: string | undefined; key: string | undefined }>
    | Readonly<{ kind: 'gcp-secret'; name: string; location: string | undefined }>
  )

export type VaultKind = VaultReference['kind']

export const vaultKinds: readonly VaultKind[] = ['keyvault', 'aws-secret', 'gcp-secret']

export const isVaultKind = (word: string): word is VaultKind => vaultKinds.some((kind) => kind === word)

/** The domains of Key Vault: a token for Key Vault is sent to no other host. */
const KEY_VAULTS = /\.(vault\.azure\.net|vault\.usgovcloudapi\.net|vault\.azure\.cn)$/i

/** Emulators and tests; what is sent there does not leave the machine. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

export const isLoopbackHost = (host: string): boolean => LOOPBACK.test(host)

/** Reads a reference of a kind. Throws an `Error` that says how it is written. */
export const vaultReference = (
  kind: VaultKind,
  place: string,
  { region, key }: Readonly<{ region?: string | undefined; key?: string | undefined }> = {},
): VaultReference => {
  switch (kind) {
    case 'keyvault':
      return keyVaultReference(place)
    case 'aws-secret':
      return awsReference(place, region, key)
    case 'gcp-secret':
      return gcpReference(place)
  }
}

const keyVaultReference = (place: string): VaultReference => {
  const url = URL.canParse(place) ? new URL(place) : undefined
  const [, name, version] =
    /^\/secrets\/([\dA-Za-z-]{1,127})(?:\/([\da-zA-Z]{1,64}))?\/?$/.exec(url?.pathname ?? '') ?? []
  const isVault =
    url !== undefined &&
    url.username === '' &&
    ((url.protocol === 'https:' && KEY_VAULTS.test(url.hostname)) || isLoopbackHost(url.hostname))
  if (url === undefined || name === undefined || !isVault)
    throw new Error('a secret of Key Vault is https://<vault>.vault.azure.net/secrets/<name>[/<version>]')
  return { kind: 'keyvault', text: `keyvault:${place}`, origin: url.origin, name, version }
}

/** Of the string form: `<name or ARN>[?region=<region>][#<key of the JSON>]`; the characters are in no name. */
const awsReference = (place: string, givenRegion: string | undefined, givenKey: string | undefined): VaultReference => {
  const [, id = '', inRegion, ofKey] = /^([\w/+=.@:-]{1,2048})(?:\?region=([\w-]+))?(?:#(.+))?$/.exec(place) ?? []
  const arn = id.startsWith('arn:')
    ? /^arn:aws[\w-]*:secretsmanager:([\w-]+):\d{12}:secret:[\w/+=.@-]+$/.exec(id)
    : undefined
  if (id === '' || arn === null)
    throw new Error('a secret of AWS is its name or ARN, with region: and key: (of its JSON) where they are needed')
  const region = givenRegion ?? inRegion ?? arn?.[1]
  const key = givenKey ?? ofKey
  const text = `aws-secret:${id}${region === undefined || arn !== undefined ? '' : `?region=${region}`}${key === undefined ? '' : `#${key}`}`
  return { kind: 'aws-secret', text, id, region, key }
}

const gcpReference = (place: string): VaultReference => {
  const [, project, location, secret, version = 'latest'] =
    /^projects\/([\w.:-]+)(?:\/locations\/([\w-]+))?\/secrets\/([\w-]{1,255})(?:\/versions\/([\w-]+))?$/.exec(place) ??
    []
  if (project === undefined)
    throw new Error('a secret of Google Cloud is projects/<project>/secrets/<name>[/versions/<version>]')
  const inLocation = location === undefined ? '' : `/locations/${location}`
  const name = `projects/${project}${inLocation}/secrets/${secret}/versions/${version}`
  return { kind: 'gcp-secret', text: `gcp-secret:${place}`, name, location }
}
