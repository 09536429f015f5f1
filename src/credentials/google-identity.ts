import { createSign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { AuthenticationRefused } from './connection-faults.js'
import { askIssuer, jsonIn, tokenIn } from './token-request.js'
import { tokenSource } from './token-source.js'
import type { Identified } from './vaults/azure-identity.js'

type Environment = Readonly<Record<string, string | undefined>>

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'
const METADATA = 'the metadata server of Google Cloud'

/** `email`: by which the service account is known. Rejects as a token does that cannot be had. */
export type GoogleIdentity = Identified & Readonly<{ email: () => Promise<string> }>

/**
 * The identity of Google Cloud that the environment gives this process: the key of a service account
 * (GOOGLE_APPLICATION_CREDENTIALS names its file), or the service account of the machine or of the pod (workload
 * identity), which the metadata server vouches for.
 */
export const googleIdentity = (env: Environment, now: () => number): GoogleIdentity => {
  const file = env['GOOGLE_APPLICATION_CREDENTIALS']
  if (file !== undefined && file !== '')
    return {
      tokens: tokenSource(() => fromKeyFile(file, now), now),
      caller: `the service account in ${file}`,
      email: () => Promise.resolve(serviceAccountIn(file).email),
    }
  const account = `http://${env['GCE_METADATA_HOST'] ?? 'metadata.google.internal'}/computeMetadata/v1/instance/service-accounts/default`
  const ask = (url: string): Promise<string> =>
    askIssuer({ what: METADATA, method: 'GET', url, headers: { 'metadata-flavor': 'Google' } })
  return {
    tokens: tokenSource(async () => {
      const asked = now()
      return tokenIn(await ask(`${account}/token?scopes=${SCOPE}`), METADATA, asked)
    }, now),
    caller: 'the service account of this machine or pod',
    email: async () => (await ask(`${account}/email`)).trim(),
  }
}

/** RFC 7523: the key signs that it is the account. The file is read again for each, so a key may be replaced. */
const fromKeyFile = async (file: string, now: () => number) => {
  const { email, privateKey, private_key_id, token_uri } = serviceAccountIn(file)
  const asked = now()
  const audience = token_uri ?? 'https://oauth2.googleapis.com/token'
  const issuedAt = Math.floor(asked / 1_000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iss: email, scope: SCOPE, aud: audience, iat: issuedAt, exp: issuedAt + LIFE_S }
  const signed = `${part({ alg: 'RS256', typ: 'JWT', kid: private_key_id })}.${part(claims)}`
  const signature = createSign('RSA-SHA256').update(signed).sign(privateKey).toString('base64url')
  const what = 'the token endpoint of Google'
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${signed}.${signature}` }
  return tokenIn(await askIssuer({ what, method: 'POST', url: audience, form }), what, asked)
}

const LIFE_S = 3_600

type KeyFile = Partial<
  Readonly<Record<'type' | 'client_email' | 'private_key' | 'private_key_id' | 'token_uri', string>>
>

const serviceAccountIn = (file: string) => {
  const { type, client_email: email, private_key: privateKey, ...rest } = keyIn(file)
  if (type !== 'service_account' || email === undefined || privateKey === undefined)
    throw new AuthenticationRefused(
      `${file} is no key of a service account (its type is ${type}): on Google Cloud leave out GOOGLE_APPLICATION_CREDENTIALS, and use workload identity`,
    )
  return { email, privateKey, ...rest }
}

const keyIn = (file: string): KeyFile => {
  try {
    return jsonIn(readFileSync(file, 'utf8')) ?? {}
  } catch (cause) {
    throw new AuthenticationRefused(`cannot read ${file} (${(cause as NodeJS.ErrnoException).code})`)
  }
}
