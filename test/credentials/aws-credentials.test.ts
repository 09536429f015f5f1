import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { awsCredentials } from '../../src/credentials/aws-credentials.js'
import { standInIssuer, type StandInIssuer } from '../support/secure-kafka/token-issuer.js'

/** Stands in for the security token service, the endpoint of a container and the metadata service of an instance. */
let aws: StandInIssuer
let dir: string
beforeAll(async () => {
  aws = await standInIssuer()
  dir = mkdtempSync(join(tmpdir(), 'streamvane-aws-'))
})
afterAll(async () => {
  await aws.close()
  rmSync(dir, { recursive: true })
})

const TEMPORARY = { AccessKeyId: 'ASIA', SecretAccessKey: 'planted-secret' }
const fileWith = (text: string): string => {
  const file = join(dir, 'token')
  writeFileSync(file, text)
  return file
}

test('variables come first', async () => {
  const env = {
    AWS_ACCESS_KEY_ID: 'AKIA',
    AWS_SECRET_ACCESS_KEY: 'planted-secret',
    AWS_SESSION_TOKEN: 'planted-session',
  }
  expect(await awsCredentials({ ...env, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.url}/pod` })).toEqual({
    accessKeyId: 'AKIA',
    secretAccessKey: 'planted-secret',
    sessionToken: 'planted-session',
  })
})

test('web identity: the token of the file is exchanged for the role', async () => {
  aws.decide(() => ({
    status: 200,
    body: {
      AssumeRoleWithWebIdentityResponse: {
        AssumeRoleWithWebIdentityResult: { Credentials: { ...TEMPORARY, SessionToken: 'planted-session' } },
      },
    },
  }))
  const env = {
    AWS_WEB_IDENTITY_TOKEN_FILE: fileWith('planted-identity\n'),
    AWS_ROLE_ARN: 'arn:aws:iam::1:role/egress',
    AWS_ENDPOINT_URL_STS: aws.url,
  }
  expect(await awsCredentials(env)).toEqual({
    accessKeyId: 'ASIA',
    secretAccessKey: 'planted-secret',
    sessionToken: 'planted-session',
  })
  expect(Object.fromEntries(aws.asked.at(-1)?.form ?? [])).toEqual({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: 'arn:aws:iam::1:role/egress',
    RoleSessionName: 'streamvane',
    WebIdentityToken: 'planted-identity',
  })
})

test('a role that may not be assumed is refused with the words of AWS, without the token', async () => {
  aws.decide(() => ({ status: 403, body: { Error: { Code: 'AccessDenied', Message: 'not authorised to assume' } } }))
  const env = {
    AWS_WEB_IDENTITY_TOKEN_FILE: fileWith('planted-identity'),
    AWS_ROLE_ARN: 'arn:aws:iam::1:role/egress',
    AWS_ENDPOINT_URL_STS: aws.url,
  }
  const told = await awsCredentials(env).catch((cause: unknown) => cause)
  expect(told).toMatchObject({ name: 'AuthenticationRefused' })
  expect((told as Error).message).toMatch(/answers 403: AccessDenied: not authorised to assume$/)
})

test('a container: its endpoint is asked with the token of the file', async () => {
  aws.decide(() => ({ status: 200, body: { ...TEMPORARY, Token: 'planted-session' } }))
  const env = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.url}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: fileWith('planted-pod-token\n'),
  }
  expect(await awsCredentials(env)).toMatchObject({ accessKeyId: 'ASIA', sessionToken: 'planted-session' })
  expect(aws.asked.at(-1)).toMatchObject({ path: '/v1/credentials', headers: { authorization: 'planted-pod-token' } })
})

test('an instance: the metadata service of version 2 is asked for a token, the role and its credentials', async () => {
  aws.decide(({ method, path, headers }) => {
    if (method === 'PUT') return { status: 200, body: 'planted-metadata-token' }
    if (headers['x-aws-ec2-metadata-token'] !== 'planted-metadata-token') return { status: 401, body: '' }
    return path.endsWith('/egress-role')
      ? { status: 200, body: { Code: 'Success', ...TEMPORARY, Token: 'planted-session' } }
      : { status: 200, body: 'egress-role\n' }
  })
  expect(await awsCredentials({ AWS_EC2_METADATA_SERVICE_ENDPOINT: aws.url })).toEqual({
    accessKeyId: 'ASIA',
    secretAccessKey: 'planted-secret',
    sessionToken: 'planted-session',
  })
})

test('a machine without any of them is told what to set', async () => {
  await expect(awsCredentials({ AWS_EC2_METADATA_DISABLED: 'true' })).rejects.toThrow(
    /^no credentials of AWS: set AWS_ACCESS_KEY_ID/,
  )
})
