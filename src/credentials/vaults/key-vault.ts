import { jsonIn } from '../token-request.js'
import type { Identified } from './azure-identity.js'
import { askWithToken } from './bearer-request.js'
import type { Given } from './held-value.js'
import { isLoopbackHost, type VaultReference } from './reference.js'
import { faultOf, madeAt, VaultFault, withoutFinalLineFeed } from './vault-answer.js'

/** The scope of the tokens for a vault, by its cloud. */
export const keyVaultScope = (origin: string): string => {
  const { hostname } = new URL(origin)
  return isLoopbackHost(hostname)
    ? 'https://vault.azure.net/.default'
    : `https://${hostname.split('.').slice(1).join('.')}/.default`
}

const API = '7.4'

/**
 * Reads a secret of Azure Key Vault (learn.microsoft.com/rest/api/keyvault/secrets/get-secret). Throws `VaultFault`,
 * what the issuer of tokens says, or an `Error` where the vault does not answer.
 */
export const keyVaultSecret = async (
  { origin, name, version }: Extract<VaultReference, { kind: 'keyvault' }>,
  { tokens, caller }: Identified,
): Promise<Given> => {
  const what = `Key Vault ${new URL(origin).host}`
  const url = `${origin}/secrets/${name}${version === undefined ? '' : `/${version}`}?api-version=${API}`
  const answer = await askWithToken(tokens, { what, method: 'GET', url })
  if (answer.status !== 200)
    throw faultOf(what, caller, answer, {
      forbidden: 'give the identity the role Key Vault Secrets User, and let its network reach the vault',
      missing: `make the secret ${name}, or correct its name and version`,
    })
  const { value, id, attributes } = (jsonIn(answer.text) ?? {}) as {
    value?: unknown
    id?: unknown
    attributes?: { created?: unknown }
  }
  if (typeof value !== 'string') throw new VaultFault(200, `${what} gives no value of ${name}`)
  return {
    value: withoutFinalLineFeed(value),
    version: String(id).split('/').at(-1) ?? '',
    ...madeAt(attributes?.created),
  }
}
