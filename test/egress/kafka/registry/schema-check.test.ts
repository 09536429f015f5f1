import * as E from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, test } from 'vitest'
import { rowCodec } from '../../../../src/contract/row-codec.js'
import { contractSchema } from '../../../../src/contract/schema/contract-schemas.js'
import type { AvroSchema } from '../../../../src/contract/schema/named-types.js'
import { checkSubjects, type SubjectCheck } from '../../../../src/egress/kafka/registry/schema-check.js'
import { subjectSchemas } from '../../../../src/egress/kafka/registry/subjects.js'
import { defaultTopics } from '../../../../src/egress/topics.js'
import { standInRegistry } from './stand-in-registry.js'

const { published: schema } = contractSchema('queue')
const wanted = subjectSchemas(defaultTopics, undefined, [rowCodec('queue')])

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const error = (status: number, code: number) => ({ status, body: { error_code: code, message: String(code) } })

/** A registry whose subject holds these schemas and that finds any further schema compatible, or not. */
const check = async (
  held: readonly AvroSchema[],
  { wouldRefuse, levelStatus = 200 }: Readonly<{ wouldRefuse?: string; levelStatus?: number }> = {},
): Promise<SubjectCheck> => {
  const registry = await standInRegistry(({ method, path, body }) => {
    if (path.startsWith('/config'))
      return levelStatus === 200 ? { body: { compatibilityLevel: 'NONE' } } : error(levelStatus, 40301)
    if (held.length === 0) return error(404, 40401)
    if (path.startsWith('/compatibility'))
      return {
        body: { is_compatible: wouldRefuse === undefined, messages: wouldRefuse === undefined ? [] : [wouldRefuse] },
      }
    if (method === 'POST') {
      const at = held.findIndex((each) => JSON.stringify(each) === (body as { schema: string }).schema)
      return at === -1 ? error(404, 40403) : { body: { id: at + 100 } }
    }
    if (path.endsWith('/versions')) return { body: held.map((_, index) => index + 1) }
    const index = Number(path.split('/').at(-1)) - 1
    return { body: { id: index + 100, schema: JSON.stringify(held[index]) } }
  })
  closing.push(registry.close)
  const result = await checkSubjects({ url: registry.url }, wanted)
  expect(
    registry.requests.filter(
      ({ method, path }) => method === 'PUT' || /^POST .*subjects\/[^/]+\/versions$/.test(`${method} ${path}`),
    ),
  ).toEqual([])
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right[0] ?? expect.fail('nothing was checked')
}

const without = (name: string): AvroSchema => ({
  ...schema,
  fields: (schema['fields'] as { name: string }[]).filter((field) => field.name !== name),
})
const withField = (field: object): AvroSchema => ({ ...schema, fields: [...(schema['fields'] as object[]), field] })

describe('a schema is compared with what the registry holds', () => {
  test('and is registered with other docs', async () => {
    const undocumented = JSON.parse(
      JSON.stringify(schema, (key, value: unknown) => (key === 'doc' ? undefined : value)),
    ) as AvroSchema
    expect(await check([undocumented])).toMatchObject({ id: 100, versions: 1, problems: [] })
  })

  test('and is registered, with the level that the subject is held to', async () => {
    expect(await check([schema])).toMatchObject({ id: 100, versions: 1, level: 'NONE', problems: [] })
  })

  test('and is not registered under a subject that does not exist yet', async () => {
    expect(await check([])).toMatchObject({ id: undefined, versions: 0, problems: [] })
  })

  test('and follows an earlier version that lacks a nullable field', async () => {
    expect(await check([without('erased')])).toMatchObject({ id: undefined, versions: 1, problems: [] })
  })

  test('by our own rules where the level of the registry allows everything', async () => {
    const { problems } = await check([withField({ name: 'region', type: ['null', 'string'], default: null }), schema])
    expect(problems).toEqual(['version 1: contract: the field region is gone'])
  })

  test('every version, not the last one alone', async () => {
    const { problems } = await check([withField({ name: 'old', type: 'long' }), without('erased')])
    expect(problems.join()).toMatch(/version 1: forward/)
    expect(problems.join()).not.toContain('version 2')
  })

  test('and not with what a later version of Streamvane has registered behind it', async () => {
    const later = withField({ name: 'later', type: ['null', 'long'], default: null })
    expect(await check([schema, later])).toMatchObject({ id: 100, versions: 2, problems: [] })
  })

  test('by the registry too, whose words are passed on', async () => {
    const { problems } = await check([without('erased')], { wouldRefuse: 'READER_FIELD_MISSING' })
    expect(problems).toEqual(['the registry would refuse it: READER_FIELD_MISSING'])
  })

  test('by a user who may not read levels', async () => {
    expect(await check([schema], { levelStatus: 403 })).toMatchObject({ id: 100, level: undefined, problems: [] })
  })
})
