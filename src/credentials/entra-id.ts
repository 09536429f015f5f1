import { Secret } from './secret.js'
import { withReread } from './client-credentials.js'
import { askIssuer, tokenIn } from './token-request.js'
import { tokenSource, type TokenSource } from './token-source.js'

/**
 * How an identity of Microsoft Entra ID proves itself. `federated`: a token of another issuer that Entra ID trusts, in
 * a file (Kubernetes writes it anew before it expires). `managed`: the machine vouches, so there is no secret.
 */
export type EntraIdentity = Readonly<{
  /** `api://…/.default`, or `https://<namespace>.servicebus.windows.net/.default`. */
  scope: string
  /** Default `https://login.microsoftonline.com`. */
  authorityHost?: string | undefined
}> &
  (
    | Readonly<{ kind: 'secret'; tenantId: string; clientId: string; clientSecret: Secret }>
    | Readonly<{ kind: 'federated'; tenantId: string; clientId: string; tokenFile: string }>
    | Readonly<{ kind: 'managed'; clientId?: string | undefined }>
  )

type Environment = Readonly<Record<string, string | undefined>>

/** Tokens of Entra ID: one request for each, where the package of Azure brings some thirty packages. */
export const entraTokens = (
  identity: EntraIdentity,
  env: Environment = process.env,
  now: () => number = Date.now,
): TokenSource =>
  tokenSource(async () => {
    const asked = now()
    switch (identity.kind) {
      case 'secret':
        return withReread(identity.clientSecret, async (value) =>
          tokenIn(await askEntra(identity, { client_secret: value }), ENTRA, asked),
        )
      case 'federated':
        return withReread(Secret.file(identity.tokenFile), async (value) => {
          const assertion = { client_assertion_type: JWT_BEARER, client_assertion: value.trim() }
          return tokenIn(await askEntra(identity, assertion), ENTRA, asked)
        })
      case 'managed':
        return tokenIn(await askMachine(identity, env), MACHINE, asked)
    }
  }, now)

const ENTRA = 'Entra ID'
const MACHINE = 'the managed identity endpoint'
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const askEntra = (
  identity: EntraIdentity & Readonly<{ tenantId: string; clientId: string }>,
  proof: Readonly<Record<string, string>>,
): Promise<string> => {
  const { tenantId, clientId, scope, authorityHost = 'https://login.microsoftonline.com' } = identity
  return askIssuer({
    what: ENTRA,
    method: 'POST',
    url: `${authorityHost.replace(/\/+$/, '')}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`,
    form: { grant_type: 'client_credentials', client_id: clientId, scope, ...proof },
  })
}

/** Container Apps, Functions and App Service name their endpoint in the environment; machines have one address. */
const askMachine = (
  { scope, clientId }: Extract<EntraIdentity, { kind: 'managed' }>,
  env: Environment,
): Promise<string> => {
  const endpoint = env['IDENTITY_ENDPOINT']
  const header = env['IDENTITY_HEADER']
  const isService = endpoint !== undefined && header !== undefined
  const url = new URL(isService ? endpoint : `${env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] ?? IMDS}${IMDS_PATH}`)
  url.searchParams.set('api-version', isService ? '2019-08-01' : '2018-02-01')
  url.searchParams.set('resource', scope.replace(/\/\.default$/, ''))
  if (clientId !== undefined) url.searchParams.set('client_id', clientId)
  return askIssuer({
    what: MACHINE,
    method: 'GET',
    url: url.href,
    headers: isService ? { 'x-identity-header': header } : { metadata: 'true' },
  })
}

const IMDS = 'http://169.254.169.254'
const IMDS_PATH = '/metadata/identity/oauth2/token'
