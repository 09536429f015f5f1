import { signatureFault, type SigningKey } from '../sqs/signature.js'
import { Kept, standIn, type Asked, type Reply, type StandIn } from './service.js'

export type AwsStandIn = StandIn &
  Readonly<{
    secrets: Kept
    keys: Map<string, SigningKey>
    /** What directs a process to this stand-in, with a key of the environment or with those of a container. */
    env: Readonly<Record<string, string>>
    containerEnv: Readonly<Record<string, string>>
  }>

const KEY = { AWS_ACCESS_KEY_ID: 'AKIAOFTESTS', AWS_SECRET_ACCESS_KEY: 'planted-secret-access-key' }
const ROLE = { AccessKeyId: 'ASIAOFTHETASK', SecretAccessKey: 'planted-key-of-the-task', Token: 'planted-session' }
const CONTAINER_TOKEN = 'planted-container-token'

/** Stands in for AWS Secrets Manager, which verifies Signature Version 4, and for the credentials of a container. */
export const awsStandIn = async (now: () => number = Date.now): Promise<AwsStandIn> => {
  const secrets = new Kept()
  const keys = new Map<string, SigningKey>([
    [KEY.AWS_ACCESS_KEY_ID, { secret: KEY.AWS_SECRET_ACCESS_KEY }],
    [ROLE.AccessKeyId, { secret: ROLE.SecretAccessKey, sessionToken: ROLE.Token }],
  ])
  const service = await standIn((asked) => {
    const { headers } = asked.request
    if (asked.path === '/credentials')
      return headers.authorization === CONTAINER_TOKEN ? { status: 200, body: ROLE } : { status: 401 }
    const fault = signatureFault(asked.request, Buffer.from(asked.body), keys, now())
    if (fault !== undefined)
      return { status: 400, body: { __type: TYPES[fault.type] ?? fault.type, message: fault.message } }
    return secretNamed(secrets, asked)
  })
  const common = { AWS_ENDPOINT_URL_SECRETS_MANAGER: service.url, AWS_REGION: 'eu-central-1' }
  return {
    ...{ ...service, secrets, keys },
    env: { ...common, ...KEY },
    containerEnv: {
      ...common,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${service.url}/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: CONTAINER_TOKEN,
    },
  }
}

/** What the JSON services of AWS call these faults. */
const TYPES: Readonly<Record<string, string>> = {
  InvalidClientTokenId: 'UnrecognizedClientException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
}

const secretNamed = (secrets: Kept, { request, body }: Asked): Reply => {
  if (request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') return { status: 400 }
  const { SecretId: id } = JSON.parse(body) as { SecretId: string }
  const name = /:secret:(.+)-\w{6}$/.exec(id)?.[1] ?? id
  const found = secrets.get(name)
  return found === undefined
    ? {
        status: 400,
        body: { __type: 'ResourceNotFoundException', Message: "Secrets Manager can't find the specified secret." },
      }
    : { status: 200, body: { Name: name, SecretString: found.value, VersionId: `version-${found.version}` } }
}
