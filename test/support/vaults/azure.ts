import { randomUUID } from 'node:crypto'
import { Kept, standIn, type Asked, type Reply, type StandIn } from './service.js'

/** A setting of App Configuration. */
export type KeyValue = Readonly<{ key: string; label?: string; value: string; contentType?: string }>

export type AzureStandIn = StandIn &
  Readonly<{
    vault: Kept
    settings: KeyValue[]
    /** Settings in a page of App Configuration. */
    pageSize: { of: number }
    /** No token that was given until now is accepted any more. */
    revokeTokens: () => void
    /** What directs a process to this stand-in: by the managed identity, or by workload identity with a file. */
    env: Readonly<Record<string, string>>
    workloadEnv: (tokenFile: string) => Readonly<Record<string, string>>
  }>

/** When every version was made: 1 March 2026, 12:00 UTC. */
const MADE_AT_S = Date.UTC(2026, 2, 1, 12) / 1_000

export const TENANT = 'tenant-of-tests'
export const CLIENT = 'client-of-tests'
export const ASSERTION = 'assertion-of-the-cluster'

/**
 * Stands in for the identity endpoints of Azure, for a Key Vault and for an App Configuration store. A token is good for
 * the resource that it was asked for; Key Vault and App Configuration refuse tokens of others (401).
 */
export const azureStandIn = async (): Promise<AzureStandIn> => {
  const vault = new Kept()
  const settings: KeyValue[] = []
  const pageSize = { of: 100 }
  const tokens = new Map<string, string>()
  const given = (resource: string): Reply => {
    const token = randomUUID()
    tokens.set(token, resource)
    return { status: 200, body: { access_token: token, expires_in: 3_600, token_type: 'Bearer' } }
  }
  const service = await standIn((asked) => {
    if (asked.path === '/metadata/identity/oauth2/token')
      return asked.request.headers['metadata'] === 'true' ? given(asked.query.get('resource') ?? '') : { status: 400 }
    if (asked.path === `/${TENANT}/oauth2/v2.0/token`) return forAssertion(asked, given)
    const resource = tokens.get(/^Bearer (.+)$/.exec(asked.request.headers.authorization ?? '')?.[1] ?? '')
    if (asked.path.startsWith('/secrets/'))
      return resource === 'https://vault.azure.net' ? secretAt(vault, asked) : unauthorized
    if (asked.path === '/kv')
      return resource === 'https://appconfig.azure.com' ? page(settings, pageSize.of, asked) : unauthorized
    return { status: 404 }
  })
  return {
    ...{ ...service, vault, settings, pageSize },
    revokeTokens: () => tokens.clear(),
    env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: service.url },
    workloadEnv: (tokenFile) => ({
      ...{ AZURE_AUTHORITY_HOST: service.url, AZURE_TENANT_ID: TENANT, AZURE_CLIENT_ID: CLIENT },
      AZURE_FEDERATED_TOKEN_FILE: tokenFile,
    }),
  }
}

const unauthorized: Reply = {
  status: 401,
  headers: { 'www-authenticate': 'Bearer authorization="https://login.microsoftonline.com/x"' },
  body: { error: { code: 'Unauthorized', message: 'AKV10000: Request is missing a Bearer or PoP token.' } },
}

const forAssertion = ({ body }: Asked, given: (resource: string) => Reply): Reply => {
  const form = new URLSearchParams(body)
  const isRight = form.get('client_id') === CLIENT && form.get('client_assertion') === ASSERTION
  return isRight
    ? given((form.get('scope') ?? '').replace(/\/\.default$/, ''))
    : {
        status: 401,
        body: { error: 'invalid_client', error_description: 'AADSTS700213: No matching federated identity' },
      }
}

const secretAt = (vault: Kept, { path, query }: Asked): Reply => {
  const [, , name = '', version] = path.split('/')
  if (query.get('api-version') === null)
    return { status: 400, body: { error: { code: 'BadParameter', message: 'api-version must be specified' } } }
  const found = vault.get(name, version === undefined ? undefined : Number(version.replace(/^v/, '')))
  return found === undefined
    ? {
        status: 404,
        body: { error: { code: 'SecretNotFound', message: `A secret with (name/id) ${name} was not found` } },
      }
    : {
        status: 200,
        body: {
          value: found.value,
          id: `https://vault/secrets/${name}/v${found.version}`,
          attributes: { created: MADE_AT_S },
        },
      }
}

/** `GET /kv?key=…&label=…`: a page in the order of keys, with a link to the next. `\0` is the label of what has none. */
const page = (settings: readonly KeyValue[], size: number, { query }: Asked): Reply => {
  const label = query.get('label') ?? '*'
  const prefix = (query.get('key') ?? '*').replace(/\*$/, '')
  const after = query.get('after') ?? ''
  const found = settings
    .filter((each) => each.key.startsWith(prefix) && (label === '*' || (each.label ?? '\0') === label))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .filter(({ key }) => key > after)
  const items = found.slice(0, size).map(({ key, label: of, value, contentType }) => ({
    ...{ key, label: of ?? null, value, content_type: contentType ?? null, etag: 'e', locked: false },
  }))
  const last = items.at(-1)?.key
  const next = new URLSearchParams(query)
  if (last !== undefined) next.set('after', last)
  return {
    status: 200,
    headers: found.length > size ? { link: `</kv?${next.toString()}>; rel="next"` } : {},
    body: { items },
  }
}
