import { createHash, createHmac } from 'node:crypto'
import type { AwsCredentials } from '../../../credentials/aws-credentials.js'
import { tokenSource, type Token, type TokenSource } from '../../../credentials/token-source.js'

/**
 * Tokens for Amazon MSK with IAM, as the `aws-msk-iam-sasl-signer` libraries of AWS make them: the address of a request
 * `kafka-cluster:Connect`, signed by Signature Version 4 in its query, in base64url. The broker checks the signature by
 * asking IAM. A token is valid for 15 minutes.
 */
export const mskIamTokens = (
  region: string,
  credentials: () => Promise<AwsCredentials>,
  now: () => number = Date.now,
): TokenSource => tokenSource(async () => mskIamToken(region, await credentials(), now()), now)

/** The token that is signed at the instant `at` (ms since 1970). */
export const mskIamToken = (region: string, credentials: AwsCredentials, at: number): Token => {
  const host = `kafka.${region}.amazonaws.com`
  const instant = new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = `${instant.slice(0, 8)}/${region}/${SERVICE}/aws4_request`
  const parameters: Record<string, string> = {
    Action: `${SERVICE}:Connect`,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': instant,
    'X-Amz-Expires': String(LIFE_S),
    'X-Amz-SignedHeaders': 'host',
    ...(credentials.sessionToken !== undefined && { 'X-Amz-Security-Token': credentials.sessionToken }),
  }
  const query = Object.entries(parameters)
    .map(([name, value]) => `${uriEncoded(name)}=${uriEncoded(value)}`)
    .toSorted()
    .join('&')
  const request = ['GET', '/', query, `host:${host}\n`, 'host', sha256('')].join('\n')
  const toSign = [ALGORITHM, instant, scope, sha256(request)].join('\n')
  const signature = hmac(signingKey(credentials.secretAccessKey, scope), toSign).toString('hex')
  const url = `https://${host}/?${query}&X-Amz-Signature=${signature}&User-Agent=${USER_AGENT}`
  return { value: Buffer.from(url).toString('base64url'), expiresAt: at + LIFE_S * 1_000 }
}

const SERVICE = 'kafka-cluster'
const ALGORITHM = 'AWS4-HMAC-SHA256'
const LIFE_S = 900
/** The signer of AWS adds one after signing; the broker logs it. */
const USER_AGENT = 'streamvane'

const signingKey = (secret: string, scope: string): Buffer =>
  scope.split('/').reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`))

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** As Signature Version 4 wants it: everything but letters, digits and `-._~`. */
const uriEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
