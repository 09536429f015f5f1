import { jsonIn } from '../token-request.js'
import type { Identified } from './azure-identity.js'
import { askWithToken } from './bearer-request.js'
import type { Given } from './held-value.js'
import type { VaultReference } from './reference.js'
import { faultOf, VaultFault, withoutFinalLineFeed } from './vault-answer.js'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads a version of a secret of Google Secret Manager
 * (cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access).
 * CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER names another endpoint, as for `gcloud`. Throws `VaultFault`, what the
 * issuer of tokens says, or an `Error` where the service does not answer.
 */
export const secretManagerSecret = async (
  { name, location }: Extract<VaultReference, { kind: 'gcp-secret' }>,
  { tokens, caller }: Identified,
  env: Environment,
): Promise<Given> => {
  const what = 'Secret Manager of Google Cloud'
  const own = env['CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER']
  const host = location === undefined ? 'secretmanager' : `secretmanager.${location}.rep`
  const endpoint = own === undefined || own === '' ? `https://${host}.googleapis.com` : own.replace(/\/+$/, '')
  const answer = await askWithToken(tokens, { what, method: 'GET', url: `${endpoint}/v1/${name}:access` })
  if (answer.status !== 200)
    throw faultOf(what, caller, answer, {
      forbidden: 'give the service account the role roles/secretmanager.secretAccessor on the secret',
      missing: `make ${name}, or correct the reference`,
    })
  const { name: full, payload } = (jsonIn(answer.text) ?? {}) as { name?: unknown; payload?: { data?: unknown } }
  if (typeof payload?.data !== 'string') throw new VaultFault(200, `${what} gives no value of ${name}`)
  return {
    value: withoutFinalLineFeed(Buffer.from(payload.data, 'base64').toString('utf8')),
    version: String(full).split('/').at(-1) ?? '',
  }
}
