import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isAllowed } from '../../../src/http/admin/access/roles.js'
import { adminRoles } from '../../../src/app/config/admin-schema.js'
import { newToken } from '../../../src/http/admin/access/tokens.js'
import { openApi } from '../../../src/http/admin/openapi/document.js'
import { operations } from '../../../src/http/admin/operations/table.js'
import { version } from '../../../src/cli/version.js'
import { exampleCalls, fakeStage, type ExampleCall } from './example-calls.js'
import { computedLog, endedJob, servedAdmin, startedAdmin, type ServedAdmin } from './served-admin.js'

type Json = Readonly<Record<string, unknown>>

let examples: Readonly<Record<string, ExampleCall>>
let served: ServedAdmin
let data: string
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'streamvane-admin-'))
  const log = await computedLog('acme')
  examples = await exampleCalls(log, 'acme')
  served = await startedAdmin({ log, stages: [fakeStage('projector')] }, data)
})
afterAll(async () => {
  await served.close()
  await rm(data, { recursive: true, force: true })
})

const exampleOf = (id: string): ExampleCall => {
  const example = examples[id]
  if (example === undefined) throw new Error(`test/http/admin/example-calls.ts has no example of ${id}`)
  return example
}

const methodOf = (id: string): string => operations.find((operation) => operation.id === id)?.method ?? ''

describe('the OpenAPI document', () => {
  test('schemas/openapi.json is what the table of operations gives: npx tsx dev/write-openapi.ts writes it', async () => {
    const file = await readFile(join(import.meta.dirname, '../../../schemas/openapi.json'), 'utf8')
    expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(openApi(operations, version()))))
  })

  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator()
    expect(await validator.validate(document)).toEqual({ valid: true })
    expect(validator.version).toBe('3.1')
  })

  test('is served without a token', async () => {
    const answer = await served.call('/v1/openapi.json')
    expect(answer.status).toBe(200)
    expect(Object.keys(((await answer.json()) as Json)['paths'] as Json)).toContain('/v1/tenants/{tenant}/rows')
  })

  test('names each operation once', () => {
    const ids = operations.map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)])
  })
})

const document = JSON.parse(JSON.stringify(openApi(operations, version()))) as Record<string, unknown>
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
ajv.addSchema({ $id: 'openapi', ...document })

/** A validator of the answer of an operation with a status, by the document. */
const validatorOf = (id: string, status: number, type = 'application/json') => {
  const found = Object.entries(document['paths'] as Readonly<Record<string, Readonly<Record<string, Json>>>>)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, one]) => ({ path, method, one })))
    .find(({ one }) => one['operationId'] === id)
  if (found === undefined) throw new Error(`the document has no ${id}`)
  const escaped = found.path.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')
  const at = `openapi#/paths/${escaped}/${found.method}/responses/${status}/content/${type.replace('/', '~1')}/schema`
  return ajv.compile({ $ref: at })
}

const expectValid = (id: string, status: number, body: unknown, type?: string): void => {
  const validate = validatorOf(id, status, type)
  if (!validate(body))
    expect.fail(`${id}: ${JSON.stringify(validate.errors, null, 1)}\n${JSON.stringify(body).slice(0, 2_000)}`)
}

describe('each operation answers as the document says', () => {
  test.each(operations.map((operation) => [operation.id, operation] as const))('%s', async (id, operation) => {
    const { path, body } = exampleOf(id)
    const role = adminRoles.find((each) => isAllowed({ roles: [each] } as never, operation.access)) ?? 'viewer'
    const token = served.tokens[role]
    const answer = await served.call(path, { method: operation.method, token, body })
    const text = await answer.clone().text()
    expect(answer.status, text).toBe(operation.kind === 'job' ? 202 : 200)
    if (operation.kind === 'download') {
      expect(answer.headers.get('content-type')).toBe(operation.contentType)
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.-]+"$/)
      return
    }
    expectValid(id, answer.status, JSON.parse(text))
    if (operation.kind === 'job') {
      const job = await endedJob(served, answer, token)
      expect(job, JSON.stringify(job['problem'])).toMatchObject({ state: 'done', operation: id })
      expectValid(id, 202, job)
    }
    if (operation.kind === 'list') {
      const lines = await served.call(path, { token, headers: { accept: 'application/x-ndjson' } })
      for (const line of (await lines.text()).split('\n').filter((each) => each !== ''))
        expectValid(id, 200, JSON.parse(line), 'application/x-ndjson')
    }
  })
})

describe('each operation, by role and tenant', () => {
  const cases = operations.flatMap((operation) => adminRoles.map((role) => [operation.id, role, operation] as const))
  test.each(cases)(
    '%s is answered or refused to the role %s as the table of roles says',
    async (id, role, operation) => {
      const { path, body } = exampleOf(id)
      // Nothing is changed: a changing call names a member that does not exist, which is seen after the role.
      const wrong = body === undefined ? undefined : { ...(body as object), noSuchMember: 1 }
      const token = served.tokens[role]
      const answer = await served.call(path, { method: methodOf(id), token, body: wrong })
      const isIn = isAllowed({ roles: [role] } as never, operation.access)
      const expected = !isIn ? 403 : body === undefined ? 200 : 422
      expect(answer.status).toBe(expected)
      if (expected !== 200) {
        expect(answer.headers.get('content-type')).toContain('application/problem+json')
        expect(await answer.json()).toMatchObject({ status: expected, detail: expect.any(String) as string })
      }
      // The same path of another tenant, and of a token of another tenant.
      const elsewhere = await served.call(`/v1/tenants/other${path}`, { method: methodOf(id), token, body })
      expect(elsewhere.status).toBe(404)
      const unsigned = await served.call(path, { method: methodOf(id), body })
      expect(unsigned.status).toBe(401)
    },
  )

  test('a token for another tenant finds nothing here, not even that the tenant exists', async () => {
    const { token, sha256 } = newToken()
    const entry = { name: 'x', roles: [...adminRoles], tenants: ['other'], sha256 }
    const here = await servedAdmin({ settings: { tokens: [entry] } })
    const [ours, none] = await Promise.all(
      ['acme', 'nobody'].map((tenant) => here.call(`/v1/tenants/${tenant}/rows?family=queue`, { token })),
    )
    expect([ours?.status, none?.status]).toEqual([404, 404])
  })
})
