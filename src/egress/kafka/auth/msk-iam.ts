import type { AwsCredentials } from '../../../credentials/aws-credentials.js'
import { sha256, SIGNATURE_ALGORITHM, signatureV4, signingScope } from '../../../credentials/signature-v4.js'
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
  const { instant, scope } = signingScope(at, region, SERVICE)
  const parameters: Record<string, string> = {
    Action: `${SERVICE}:Connect`,
    'X-Amz-Algorithm': SIGNATURE_ALGORITHM,
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
  const signature = signatureV4({ instant, scope, secretAccessKey: credentials.secretAccessKey }, request)
  const url = `https://${host}/?${query}&X-Amz-Signature=${signature}&User-Agent=${USER_AGENT}`
  return { value: Buffer.from(url).toString('base64url'), expiresAt: at + LIFE_S * 1_000 }
}

const SERVICE = 'kafka-cluster'
const LIFE_S = 900
/** The signer of AWS adds one after signing; the broker logs it. */
const USER_AGENT = 'streamvane'

/** As Signature Version 4 wants it: everything but letters, digits and `-._~`. */
const uriEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
