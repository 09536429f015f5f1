import { readFileSync } from 'node:fs'
import { AuthenticationRefused } from './connection-faults.js'
import { askIssuer, jsonIn } from './token-request.js'

/** Credentials of AWS; `sessionToken` with temporary ones. */
export type AwsCredentials = Readonly<{
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}>

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Credentials of AWS by the default chain of its SDKs, the first that is there: variables; web identity (EKS: a token
 * file and a role); the endpoint of a container (ECS, EKS Pod Identity); the metadata service of an EC2 instance,
 * version 2. Profiles and single sign-on of a developer's machine are not looked for. Asked anew for every token, so
 * what was rotated counts.
 */
export const awsCredentials = async (env: Environment = process.env): Promise<AwsCredentials> =>
  fromVariables(env) ?? (await fromWebIdentity(env)) ?? (await fromContainer(env)) ?? fromInstance(env)

const fromVariables = (env: Environment): AwsCredentials | undefined => {
  const accessKeyId = env['AWS_ACCESS_KEY_ID']
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY']
  if (!isSaid(accessKeyId) || !isSaid(secretAccessKey)) return undefined
  const sessionToken = env['AWS_SESSION_TOKEN']
  return { accessKeyId, secretAccessKey, ...(isSaid(sessionToken) && { sessionToken }) }
}

const fromWebIdentity = async (env: Environment): Promise<AwsCredentials | undefined> => {
  const file = env['AWS_WEB_IDENTITY_TOKEN_FILE']
  const role = env['AWS_ROLE_ARN']
  if (!isSaid(file) || !isSaid(role)) return undefined
  const region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION']
  const address = env['AWS_ENDPOINT_URL_STS'] ?? `https://sts${isSaid(region) ? `.${region}` : ''}.amazonaws.com`
  const what = 'the security token service of AWS'
  const text = await askIssuer({
    what,
    method: 'POST',
    url: `${address.replace(/\/+$/, '')}/`,
    form: {
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: role,
      RoleSessionName: env['AWS_ROLE_SESSION_NAME'] ?? 'streamvane',
      WebIdentityToken: readFileSync(file, 'utf8').trim(),
    },
  })
  const answer = jsonIn(text) as
    { AssumeRoleWithWebIdentityResponse?: { AssumeRoleWithWebIdentityResult?: { Credentials?: unknown } } } | undefined
  return found(answer?.AssumeRoleWithWebIdentityResponse?.AssumeRoleWithWebIdentityResult?.Credentials, what)
}

const fromContainer = async (env: Environment): Promise<AwsCredentials | undefined> => {
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']
  const full = env['AWS_CONTAINER_CREDENTIALS_FULL_URI']
  if (!isSaid(relative) && !isSaid(full)) return undefined
  const tokenFile = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']
  const token = isSaid(tokenFile) ? readFileSync(tokenFile, 'utf8').trim() : env['AWS_CONTAINER_AUTHORIZATION_TOKEN']
  const what = 'the credentials endpoint of the container'
  const text = await askIssuer({
    what,
    method: 'GET',
    url: isSaid(relative) ? `http://169.254.170.2${relative}` : (full as string),
    ...(isSaid(token) && { headers: { authorization: token } }),
  })
  return found(jsonIn(text), what)
}

const METADATA_TIMEOUT_MS = 2_000

const fromInstance = async (env: Environment): Promise<AwsCredentials> => {
  const what = 'the instance metadata service of AWS'
  if (env['AWS_EC2_METADATA_DISABLED'] === 'true') throw new AuthenticationRefused(NONE)
  const address = (env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? 'http://169.254.169.254').replace(/\/+$/, '')
  const ask = (method: 'GET' | 'PUT', path: string, headers: Readonly<Record<string, string>>): Promise<string> =>
    askIssuer({ what, method, url: `${address}/latest/${path}`, headers, timeoutMs: METADATA_TIMEOUT_MS })
  try {
    const token = await ask('PUT', 'api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '300' })
    const headers = { 'x-aws-ec2-metadata-token': token }
    const role = (await ask('GET', ROLES, headers)).trim().split('\n')[0] ?? ''
    return found(jsonIn(await ask('GET', `${ROLES}${encodeURIComponent(role)}`, headers)), what)
  } catch (cause) {
    throw new Error(`${NONE} (${(cause as Error).message})`, { cause })
  }
}

const ROLES = 'meta-data/iam/security-credentials/'
const NONE =
  'no credentials of AWS: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, give the pod or task a role, or the instance a ' +
  'profile'

/** `Credentials` of STS, and the answers of containers and instances, which name their fields otherwise. */
const found = (answer: unknown, what: string): AwsCredentials => {
  const fields = (answer ?? {}) as Record<string, unknown>
  const accessKeyId = fields['AccessKeyId']
  const secretAccessKey = fields['SecretAccessKey']
  const sessionToken = fields['SessionToken'] ?? fields['Token']
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string')
    throw new Error(`${what} gives no credentials`)
  return { accessKeyId, secretAccessKey, ...(typeof sessionToken === 'string' && { sessionToken }) }
}

const isSaid = (value: string | undefined): value is string => value !== undefined && value !== ''
