import { awsCredentials, type AwsCredentials } from '../aws-credentials.js'
import { sha256, SIGNATURE_ALGORITHM, signatureV4, signingScope } from '../signature-v4.js'
import { askService, jsonIn } from '../token-request.js'
import type { Given } from './held-value.js'
import type { VaultReference } from './reference.js'
import { faultOf, madeAt, VaultFault, withoutFinalLineFeed } from './vault-answer.js'

type Environment = Readonly<Record<string, string | undefined>>
type AwsReference = Extract<VaultReference, { kind: 'aws-secret' }>

/**
 * Reads a secret of AWS Secrets Manager, or of its JSON the value under a key. The credentials are those of the default
 * chain. AWS_ENDPOINT_URL_SECRETS_MANAGER names another endpoint, as for the SDKs of AWS. Throws `VaultFault`, what the
 * chain says, or an `Error` where the service does not answer.
 */
export const secretsManagerSecret = async (
  reference: AwsReference,
  env: Environment,
  now: () => number,
): Promise<Given> => {
  const region = reference.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? ''
  const what = `Secrets Manager in ${region}`
  if (region === '') throw new VaultFault(400, 'its region is not known: write its ARN, region:, or set AWS_REGION')
  const credentials = await awsCredentials(env)
  const body = JSON.stringify({ SecretId: reference.id })
  const url = `${endpointOf(region, env)}/`
  const headers = signedHeaders({ url, body, region, at: now() }, credentials)
  const answer = await askService({ what, method: 'POST', url, headers, body })
  if (answer.status !== 200) {
    const type =
      String((jsonIn(answer.text) as { __type?: unknown } | undefined)?.__type)
        .split('#')
        .at(-1) ?? ''
    throw faultOf(
      what,
      `the access key ${credentials.accessKeyId} (${type})`,
      answer,
      {
        forbidden: 'allow secretsmanager:GetSecretValue on the secret, and kms:Decrypt on its key, to this role',
        missing: `make the secret ${reference.id}, or correct its name and region`,
      },
      STATUS[type],
    )
  }
  const {
    SecretString: text,
    VersionId: version,
    CreatedDate: created,
  } = jsonIn(answer.text) as Record<string, unknown>
  if (typeof text !== 'string')
    throw new VaultFault(200, `${what}: ${reference.id} is binary: store it as text (SecretString)`)
  return { value: withoutFinalLineFeed(chosen(reference, text)), version: String(version), ...madeAt(created) }
}

/** JSON services of AWS say what happened by a type. */
const STATUS: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  UnrecognizedClientException: 403,
  InvalidSignatureException: 403,
  ExpiredTokenException: 403,
  DecryptionFailure: 403,
  ResourceNotFoundException: 404,
  ThrottlingException: 429,
}

const chosen = ({ id, key }: AwsReference, text: string): string => {
  if (key === undefined) return text
  const values = jsonIn(text)
  const value = typeof values === 'object' && values !== null ? (values as Record<string, unknown>)[key] : undefined
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new VaultFault(200, `${id} is no JSON with a text under ${key}: correct key:, or leave it out`)
  return String(value)
}

const endpointOf = (region: string, env: Environment): string => {
  const own = env['AWS_ENDPOINT_URL_SECRETS_MANAGER']
  if (own !== undefined && own !== '') return own.replace(/\/+$/, '')
  const fips = env['AWS_USE_FIPS_ENDPOINT'] === 'true' ? '-fips' : ''
  return `https://secretsmanager${fips}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}

/** `GetSecretValue` in the JSON protocol of AWS, signed. */
const signedHeaders = (
  { url, body, region, at }: Readonly<{ url: string; body: string; region: string; at: number }>,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
): Record<string, string> => {
  const { instant, scope } = signingScope(at, region, 'secretsmanager')
  const headers: Record<string, string> = {
    'content-type': 'application/x-amz-json-1.1',
    host: new URL(url).host,
    'x-amz-date': instant,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    'x-amz-target': 'secretsmanager.GetSecretValue',
  }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const request = ['POST', '/', '', lines.join(''), names, sha256(body)].join('\n')
  const signature = signatureV4({ instant, scope, secretAccessKey }, request)
  return {
    ...headers,
    authorization: `${SIGNATURE_ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  }
}
