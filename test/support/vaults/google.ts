import { createVerify, generateKeyPairSync, randomUUID } from 'node:crypto'
import { Kept, standIn, type Reply, type StandIn } from './service.js'

export type GoogleStandIn = StandIn &
  Readonly<{
    secrets: Kept
    revokeTokens: () => void
    /** What directs a process to this stand-in, with the service account of the machine. */
    env: Readonly<Record<string, string>>
    /** The same with the key of a service account in a file; `keyFile`: what the file holds. */
    keyEnv: (file: string) => Readonly<Record<string, string>>
    keyFile: () => string
  }>

const ACCOUNT = 'streamvane@p.iam.gserviceaccount.com'

/** Stands in for Google Secret Manager, the metadata server, and the token endpoint, which verifies assertions. */
export const googleStandIn = async (): Promise<GoogleStandIn> => {
  const secrets = new Kept()
  const tokens = new Set<string>()
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const given = (): Reply => {
    const token = randomUUID()
    tokens.add(token)
    return { status: 200, body: { access_token: token, expires_in: 3_599, token_type: 'Bearer' } }
  }
  const isSigned = (assertion: string): boolean => {
    const [head = '', claims = '', signature = ''] = assertion.split('.')
    const { iss, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss: string; exp: number }
    const verified = createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature, 'base64url')
    return verified && iss === ACCOUNT && exp * 1_000 > Date.now()
  }
  const service = await standIn(({ path, request, body }) => {
    if (path === '/computeMetadata/v1/instance/service-accounts/default/token')
      return request.headers['metadata-flavor'] === 'Google' ? given() : { status: 403 }
    if (path === '/computeMetadata/v1/instance/service-accounts/default/email')
      return request.headers['metadata-flavor'] === 'Google' ? { status: 200, body: ACCOUNT } : { status: 403 }
    if (path === '/token')
      return isSigned(new URLSearchParams(body).get('assertion') ?? '')
        ? given()
        : { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' } }
    if (!tokens.has(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''))
      return { status: 401, body: { error: { code: 401, message: 'Request had invalid authentication credentials.' } } }
    const [, full = '', name = '', version = ''] =
      /^\/v1\/(projects\/[^/]+\/secrets\/([^/]+))\/versions\/(\w+):access$/.exec(path) ?? []
    const found = secrets.get(name, version === 'latest' ? undefined : Number(version))
    return found === undefined
      ? { status: 404, body: { error: { code: 404, message: `Secret [${full}] not found or has no versions.` } } }
      : {
          status: 200,
          body: {
            name: `${full}/versions/${found.version}`,
            payload: { data: Buffer.from(found.value).toString('base64') },
          },
        }
  })
  const endpoint = { CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER: service.url }
  return {
    ...{ ...service, secrets },
    revokeTokens: () => tokens.clear(),
    env: { ...endpoint, GCE_METADATA_HOST: service.host },
    keyEnv: (file) => ({ ...endpoint, GOOGLE_APPLICATION_CREDENTIALS: file }),
    keyFile: () =>
      JSON.stringify({
        ...{ type: 'service_account', client_email: ACCOUNT, private_key_id: 'k', token_uri: `${service.url}/token` },
        private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      }),
  }
}
