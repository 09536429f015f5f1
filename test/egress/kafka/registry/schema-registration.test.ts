import * as E from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, test } from 'vitest'
import { rowCodec } from '../../../../src/contract/row-codec.js'
import type { CompatibilityLevel, RegistryOptions } from '../../../../src/egress/kafka/options.js'
import { registerSchemas } from '../../../../src/egress/kafka/registry/schema-registration.js'
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

const register = async (options: RegistryOptions) => {
  const ids = new Map<string, number>()
  return { result: await registerSchemas(options, defaultTopics, [rowCodec('queue')], ids), ids }
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
    expect(ids.get(rowCodec('queue').fingerprint)).toBe(7)
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

describe('answers of the schema registry', () => {
  test.each([
    [409, 'incompatible'],
    [422, 'does not accept our schema'],
    [401, 'egress.kafka.registry.password'],
    [403, 'may not register'],
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
    expect(ids.get(rowCodec('queue').fingerprint)).toBe(9)
  })
})

describe('credentials of the schema registry', () => {
  test('in the address are sent as a header', async () => {
    const registry = await start(() => ({ body: { id: 1 } }))
    await register({ url: registry.url.replace('://', '://robot:s%40cret@') })
    expect(registry.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('robot:s@cret').toString('base64')}`)
  })

  test('are in no message of a failure: a registry that is away is named by its address', async () => {
    const away = await standInRegistry(() => ({ body: {} }))
    await away.close()
    const url = `${away.url.replace('://', '://robot:s3cret@')}/registry`
    for (const auth of [undefined, { username: 'robot', password: 's3cret' }]) {
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
