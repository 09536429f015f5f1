import * as E from 'fp-ts/lib/Either.js'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { publishedSchema } from '../../../../src/contract/schema/published-schema.js'
import { rowCodec } from '../../../../src/contract/row-codec.js'
import type { CompatibilityLevel, RegistryOptions } from '../../../../src/egress/kafka/options.js'
import { findSchemas } from '../../../../src/egress/kafka/registry/schema-registration.js'
import { schemaIdKey, subjectSchemas } from '../../../../src/egress/kafka/registry/subjects.js'
import { Secret } from '../../../../src/credentials/secret.js'
import { defaultTopics } from '../../../../src/egress/topics.js'
import { standInRegistry, type RegistryReply, type RegistryRequest } from './stand-in-registry.js'

type StandIn = Awaited<ReturnType<typeof standInRegistry>>
const registries: StandIn[] = []
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close()
})

const start = async (answer: (request: RegistryRequest) => RegistryReply): Promise<StandIn> => {
  const registry = await standInRegistry(answer)
  registries.push(registry)
  return registry
}

const queueSchema = subjectSchemas(defaultTopics, undefined, [rowCodec('queue')])
const ID_KEY = schemaIdKey('genesys.queue-metrics-value', rowCodec('queue').fingerprint)

/** As an egress that registers what is missing. */
const register = async (options: RegistryOptions) => {
  const ids = new Map<string, number>()
  return { result: await findSchemas({ ...options, autoRegister: true }, queueSchema, ids), ids }
}

const asked = ({ requests }: StandIn): string[] => requests.map(({ method, path }) => `${method} ${path}`)
const VERSIONS = '/subjects/genesys.queue-metrics-value/versions'
const LEVEL = '/config/genesys.queue-metrics-value'

type Levels = Readonly<{ own?: CompatibilityLevel; byDefault?: CompatibilityLevel; mayNotSet?: boolean }>

/** A registry with levels as given, that takes every schema. */
const withLevels = ({ own, byDefault = 'BACKWARD', mayNotSet = false }: Levels) =>
  start(({ method, path }) => {
    if (method === 'PUT') return mayNotSet ? { status: 403, body: { message: 'not you' } } : { body: {} }
    if (path === LEVEL)
      return own === undefined
        ? { status: 404, body: { error_code: 40408, message: 'no level' } }
        : { body: { compatibilityLevel: own } }
    return path === '/config' ? { body: { compatibilityLevel: byDefault } } : { body: { id: 7 } }
  })

describe('levels of compatibility in the schema registry', () => {
  test.each<Levels>([
    { own: 'FULL' },
    { own: 'FORWARD_TRANSITIVE' },
    { byDefault: 'FULL_TRANSITIVE' },
    { byDefault: 'FULL_TRANSITIVE', mayNotSet: true },
  ])('are neither asked for nor changed where none is configured: %j', async (levels) => {
    const registry = await withLevels(levels)
    const { result, ids } = await register({ url: registry.url })
    expect(result).toEqual(E.right(undefined))
    expect(ids.get(ID_KEY)).toBe(7)
    expect(asked(registry)).toEqual([`POST ${VERSIONS}`])
  })

  test.each<[levels: Levels, wanted: CompatibilityLevel, changes: boolean]>([
    [{ own: 'FULL' }, 'FULL', false],
    [{ own: 'BACKWARD' }, 'FULL', true],
    [{ own: 'FULL' }, 'BACKWARD', true],
    [{ byDefault: 'BACKWARD' }, 'BACKWARD', false],
    [{ byDefault: 'FULL_TRANSITIVE' }, 'BACKWARD', false],
    [{ byDefault: 'FULL' }, 'BACKWARD_TRANSITIVE', true],
    [{ byDefault: 'NONE' }, 'BACKWARD', true],
    [{ byDefault: 'FORWARD' }, 'BACKWARD', true],
  ])('%j with %s configured: is it set? %s; a stricter default is never weakened', async (levels, wanted, changes) => {
    const registry = await withLevels(levels)
    expect((await register({ url: registry.url, compatibility: wanted })).result).toEqual(E.right(undefined))
    const puts = registry.requests.filter(({ method }) => method === 'PUT')
    expect(puts.map(({ path, body }) => [path, body])).toEqual(changes ? [[LEVEL, { compatibility: wanted }]] : [])
  })

  test('a configured level that this user may not set is refused, and the setting is named', async () => {
    const registry = await withLevels({ byDefault: 'NONE', mayNotSet: true })
    expect((await register({ url: registry.url, compatibility: 'FULL' })).result).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining('egress.kafka.registry.compatibility') },
    })
  })
})

describe('without autoRegister', () => {
  const find = async (options: RegistryOptions) => {
    const ids = new Map<string, number>()
    return { result: await findSchemas(options, queueSchema, ids), ids }
  }
  const NOT_FOUND = { status: 404, body: { error_code: 40403, message: 'schema not found' } }
  const NO_SUBJECT = { status: 404, body: { error_code: 40401, message: 'subject not found' } }

  test('a schema that is registered is found, and nothing is written', async () => {
    const registry = await start(() => ({ body: { id: 7 } }))
    const { result, ids } = await find({ url: registry.url })
    expect(result).toEqual(E.right(undefined))
    expect(ids.get(ID_KEY)).toBe(7)
    expect(asked(registry)).toEqual(['POST /subjects/genesys.queue-metrics-value'])
  })

  test.each([[NOT_FOUND], [NO_SUBJECT]])(
    'a schema that is not registered is refused with the command that does it: %j',
    async (reply) => {
      const registry = await start(({ path }) => (path.endsWith('/versions') ? NO_SUBJECT : reply))
      expect((await find({ url: registry.url })).result).toMatchObject({
        left: {
          tag: 'Refused',
          reason: expect.stringMatching(/genesys.queue-metrics-value.*streamvane schemas register/),
        },
      })
    },
  )

  test('a schema that is registered with other docs counts as registered', async () => {
    const undocumented = JSON.stringify(publishedSchema(rowCodec('queue').schema), (key, value: unknown) =>
      key === 'doc' ? undefined : value,
    )
    const registry = await start(({ method, path }) => {
      if (method === 'POST') return NOT_FOUND
      return path === VERSIONS ? { body: [3, 4] } : { body: { id: 40 + Number(path.at(-1)), schema: undocumented } }
    })
    const { result, ids } = await find({ url: registry.url })
    expect(result).toEqual(E.right(undefined))
    expect(ids.get(ID_KEY)).toBe(44)
  })

  test('a page that is missing is no registry, and not a schema that is missing', async () => {
    const registry = await start(() => ({ status: 404, body: '<html>' }))
    expect((await find({ url: registry.url })).result).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining('egress.kafka.registry.url') },
    })
  })

  test('a registry that fails is tried again later', async () => {
    const registry = await start(() => ({ status: 500, body: { error_code: 50001, message: 'not now' } }))
    expect((await find({ url: registry.url })).result).toMatchObject({ left: { tag: 'NotConnected' } })
  })
})

describe('answers of the schema registry', () => {
  test.each([
    [409, 'incompatible'],
    [422, 'does not accept our schema'],
    [401, 'egress.kafka.registry.password'],
    [403, 'may not read or register'],
    [404, 'egress.kafka.registry.url'],
  ])('%i is refused in words', async (status, words) => {
    const registry = await start(() => ({ status, body: { message: 'no' } }))
    expect((await register({ url: registry.url })).result).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining(words) },
    })
  })

  test('a page that is no answer of a registry is refused', async () => {
    const registry = await start(() => ({ body: '<html>' }))
    expect((await register({ url: registry.url })).result).toMatchObject({ left: { tag: 'Refused' } })
  })

  test('a failure of the registry is tried again later', async () => {
    const registry = await start(() => ({ status: 503, body: { message: 'not now' } }))
    const { result } = await register({ url: registry.url })
    expect(result).toMatchObject({ left: { tag: 'NotConnected', cause: { message: 'schema registry: not now' } } })
  })

  test('a user who may not write, but read, gets the id of a schema that is registered', async () => {
    const registry = await start(({ path }) =>
      path === VERSIONS ? { status: 403, body: { message: 'read only' } } : { body: { id: 9 } },
    )
    const { ids } = await register({ url: registry.url })
    expect(ids.get(ID_KEY)).toBe(9)
  })
})

describe('credentials of the schema registry', () => {
  test('in the address are sent as a header', async () => {
    const registry = await start(() => ({ body: { id: 1 } }))
    await register({ url: registry.url.replace('://', '://robot:s%40cret@') })
    expect(registry.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('robot:s@cret').toString('base64')}`)
  })

  test('a bearer token is sent as a header', async () => {
    const registry = await start(() => ({ body: { id: 1 } }))
    await register({ url: registry.url, auth: { token: Secret.literal('planted-token') } })
    expect(registry.requests[0]?.headers.authorization).toBe('Bearer planted-token')
  })

  test('that changed in their file while they were refused are tried before the refusal is told', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'streamvane-registry-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    const file = join(dir, 'token')
    writeFileSync(file, 'planted-old\n')
    const registry = await start(({ headers }) => {
      if (headers.authorization === 'Bearer planted-new') return { body: { id: 3 } }
      writeFileSync(file, 'planted-new\n')
      return { status: 401, body: { message: 'expired' } }
    })
    const { ids } = await register({ url: registry.url, auth: { token: Secret.file(file) } })
    expect(ids.get(ID_KEY)).toBe(3)
  })

  test('are in no message of a failure: a registry that is away is named by its address', async () => {
    const away = await standInRegistry(() => ({ body: {} }))
    await away.close()
    const url = `${away.url.replace('://', '://robot:s3cret@')}/registry`
    for (const auth of [undefined, { username: 'robot', password: Secret.literal('s3cret') }]) {
      const { result } = await register({ url, ...(auth !== undefined && { auth }) })
      if (E.isRight(result) || result.left.tag !== 'NotConnected') throw new Error('it should be out of reach')
      const { cause } = result.left
      expect(cause).toMatchObject({
        message: `the schema registry at ${away.url}/registry does not answer (ECONNREFUSED)`,
      })
      expect(JSON.stringify(cause, Object.getOwnPropertyNames(cause)) + String((cause as Error).stack)).not.toContain(
        's3cret',
      )
    }
  })
})
