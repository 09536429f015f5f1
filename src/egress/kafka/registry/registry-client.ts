import { Agent, request } from 'undici'
import type { AvroSchema } from '../../../contract/schema/named-types.js'
import { AuthenticationRefused, connectionFault } from '../../../credentials/connection-faults.js'
import type { Secret } from '../../../credentials/secret.js'
import { tlsMaterial } from '../../../credentials/tls.js'
import type { CompatibilityLevel, RegistryConnection } from '../options.js'

/**
 * A Confluent-compatible schema registry over HTTP: the requests that publishing and checking need.
 *
 * The simple way is the package of kafkajs. It insists on one compatibility level, sets it on every new subject, needs
 * the right to do so, and reports a registry that is away as "status 400".
 */
export type RegistryClient = Readonly<{
  /** Registers a schema under a subject and resolves with its id; the same schema gets the same id again. */
  register: (subject: string, schema: AvroSchema) => Promise<number>
  /** The id of a schema that is registered under a subject as it is, docs included; `undefined` if it is not. */
  lookUp: (subject: string, schema: AvroSchema) => Promise<number | undefined>
  /** The schemas that a subject holds, oldest first; none if there is no such subject. */
  versions: (subject: string) => Promise<readonly RegisteredVersion[]>
  /**
   * Why the registry would not take a schema under a subject, by the subject's level; `undefined` if it would. A subject
   * without versions takes every schema.
   */
  incompatibility: (subject: string, schema: AvroSchema) => Promise<string | undefined>
  /** The level that a subject is held to, its own or the registry's default; `undefined` if the registry tells none. */
  level: (subject: string) => Promise<Readonly<{ own: boolean; level: CompatibilityLevel | undefined }>>
  setLevel: (subject: string, level: CompatibilityLevel) => Promise<void>
}>

/** A schema that a subject holds; `schema` is undefined where it is none that Avro can parse. */
export type RegisteredVersion = Readonly<{ version: number; id: number; schema: AvroSchema | undefined }>

/** The registry gave an answer, and it is not the one that was hoped for. */
export class RegistryAnswer extends Error {
  override readonly name = 'RegistryAnswer'
  readonly status: number
  /** Confluent's code, as 40403; 0 where the answer has none. */
  readonly code: number
  constructor(status: number, message: string, code = 0) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** The registry gave no answer. The message names its address, without credentials, and the reason. */
export class RegistryUnreachable extends Error {
  override readonly name = 'RegistryUnreachable'
}

const TIMEOUT_MS = 10_000

export const registryClient = (options: RegistryConnection): RegistryClient => {
  const address = addressOf(options)

  const exchange = async (
    method: Method,
    path: string,
    body: object | undefined,
    authorization: string | undefined,
  ): Promise<Readonly<{ status: number; text: string }>> => {
    const { tls } = options
    let dispatcher: Agent | undefined
    try {
      // An agent for each request, so that a renewed certificate is used.
      dispatcher = tls === undefined ? undefined : new Agent({ connect: tlsMaterial(tls) })
      const response = await request(`${address}${path}`, {
        method,
        headers: {
          accept: 'application/vnd.schemaregistry.v1+json, application/json',
          'content-type': 'application/vnd.schemaregistry.v1+json',
          ...(authorization !== undefined && { authorization }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(dispatcher !== undefined && { dispatcher }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      return { status: response.statusCode, text: await response.body.text() }
    } catch (cause) {
      const fault = connectionFault(cause, 'egress.kafka.registry.ssl')
      if (fault?.refused === true) throw new AuthenticationRefused(`the schema registry at ${address}: ${fault.words}`)
      throw new RegistryUnreachable(`the schema registry at ${address} does not answer (${reasonOf(cause)})`)
    } finally {
      await dispatcher?.close()
    }
  }

  const ask = async (method: Method, path: string, body?: object): Promise<unknown> => {
    const authorization = authorizationOf(options)
    let answered = await exchange(method, path, body, authorization)
    // Credentials that were rotated meanwhile are tried before a refusal is told.
    if (answered.status === 401) await secretOf(options)?.readAgain()
    const rotated = answered.status === 401 ? authorizationOf(options) : authorization
    if (rotated !== authorization) answered = await exchange(method, path, body, rotated)
    const { status, text } = answered
    if (status >= 300) throw new RegistryAnswer(status, messageIn(text) ?? `status ${status}`, codeIn(text))
    const answer = parsed(text)
    if (answer === undefined)
      throw new RegistryAnswer(NOT_A_REGISTRY, `${address} answers with something else than JSON`)
    return answer
  }

  const idIn = (answer: unknown): number => {
    const { id } = answer as { id?: unknown }
    if (typeof id !== 'number') throw new RegistryAnswer(NOT_A_REGISTRY, `${address} gives a schema no id`)
    return id
  }

  return {
    register: async (subject, schema) => {
      const body = { schema: JSON.stringify(schema) }
      try {
        return idIn(await ask('POST', `${pathOf(subject)}/versions`, body))
      } catch (cause) {
        if (!isAnswer(cause, 403)) throw cause
        // Without the right to write, a schema that is registered can still be looked up.
        return idIn(await ask('POST', pathOf(subject), body).catch(() => Promise.reject(cause as Error)))
      }
    },
    lookUp: async (subject, schema) => {
      try {
        return idIn(await ask('POST', pathOf(subject), { schema: JSON.stringify(schema) }))
      } catch (cause) {
        if (isNotHeld(cause)) return undefined
        throw cause
      }
    },
    versions: async (subject) => {
      try {
        const numbers = await ask('GET', `${pathOf(subject)}/versions`)
        if (!Array.isArray(numbers)) throw new RegistryAnswer(NOT_A_REGISTRY, `${address} lists no versions`)
        const versions: RegisteredVersion[] = []
        for (const version of numbers as readonly number[]) {
          const answer = await ask('GET', `${pathOf(subject)}/versions/${version}`)
          versions.push({ version, id: idIn(answer), schema: schemaIn(answer) })
        }
        return versions
      } catch (cause) {
        if (isNotHeld(cause)) return []
        throw cause
      }
    },
    incompatibility: async (subject, schema) => {
      const path = `/compatibility${pathOf(subject)}/versions?verbose=true`
      try {
        const answer = await ask('POST', path, { schema: JSON.stringify(schema) })
        const { is_compatible: isCompatible, messages, reason } = answer as CompatibilityAnswer
        if (isCompatible !== false) return undefined
        return (messages ?? []).join('; ') || reason || 'it gives no reason'
      } catch (cause) {
        if (isNotHeld(cause)) return undefined
        throw cause
      }
    },
    level: async (subject) => {
      const path = `/config/${encodeURIComponent(subject)}`
      try {
        return { own: true, level: levelIn(await ask('GET', path)) }
      } catch (cause) {
        if (!isAnswer(cause, 404)) throw cause
        return { own: false, level: levelIn(await ask('GET', '/config').catch(() => ({}))) }
      }
    },
    setLevel: async (subject, level) => {
      await ask('PUT', `/config/${encodeURIComponent(subject)}`, { compatibility: level })
    },
  }
}

/** What is there answers HTTP, and is not a registry. Told as the status of a missing page. */
const NOT_A_REGISTRY = 404

/** Confluent's messages; Apicurio's reason. */
type CompatibilityAnswer = Readonly<{ is_compatible?: boolean; messages?: readonly string[]; reason?: string }>

const pathOf = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`

/** The registry says that it holds no such subject, version or schema. A page that is missing has no code. */
const isNotHeld = (cause: unknown): boolean => cause instanceof RegistryAnswer && Math.floor(cause.code / 100) === 404

const isAnswer = (cause: unknown, status: number): boolean => cause instanceof RegistryAnswer && cause.status === status

type Method = 'GET' | 'POST' | 'PUT'

/** The address without the credentials in it. */
const addressOf = ({ url }: RegistryConnection): string => {
  const address = new URL(url)
  address.username = ''
  address.password = ''
  return address.href.replace(/\/+$/, '')
}

const secretOf = ({ auth }: RegistryConnection): Secret | undefined =>
  auth === undefined ? undefined : 'token' in auth ? auth.token : auth.password

/** Credentials in the address count where none are configured beside it. */
const authorizationOf = ({ url, auth }: RegistryConnection): string | undefined => {
  if (auth !== undefined && 'token' in auth) return `Bearer ${auth.token.read()}`
  const inAddress = new URL(url)
  const username = auth?.username ?? decodeURIComponent(inAddress.username)
  const password = auth?.password.read() ?? decodeURIComponent(inAddress.password)
  return username === '' ? undefined : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

const levelIn = (answer: unknown): CompatibilityLevel | undefined => {
  const { compatibilityLevel, compatibility } = answer as { compatibilityLevel?: string; compatibility?: string }
  return (compatibilityLevel ?? compatibility)?.toUpperCase() as CompatibilityLevel | undefined
}

const parsed = (text: string): unknown => {
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const codeIn = (text: string): number => {
  const answer = parsed(text)
  const code =
    typeof answer === 'object' && answer !== null ? (answer as { error_code?: unknown }).error_code : undefined
  return typeof code === 'number' ? code : 0
}

const schemaIn = (answer: unknown): AvroSchema | undefined => {
  const { schema, schemaType = 'AVRO' } = answer as { schema?: unknown; schemaType?: string }
  const text = typeof schema === 'string' && schemaType === 'AVRO' ? parsed(schema) : undefined
  return typeof text === 'object' && text !== null && !Array.isArray(text) ? (text as AvroSchema) : undefined
}

const messageIn = (text: string): string | undefined => {
  const answer = parsed(text)
  const message = typeof answer === 'object' && answer !== null ? (answer as { message?: unknown }).message : undefined
  return typeof message === 'string' ? message : undefined
}

const reasonOf = (cause: unknown): string => {
  const { code, name, message } = cause as { code?: string; name?: string; message?: string }
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1_000} s`
  return code ?? message ?? String(cause)
}
