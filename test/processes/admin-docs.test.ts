import { execFile, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { rolesWith } from '../../src/http/admin/access/roles.js'
import { newToken } from '../../src/http/admin/access/tokens.js'
import { simulate } from '../../src/simulator/simulate.js'
import { ingressOf, jsonLines, post, running, scratchFolder } from '../support/streamvane.js'

const DOCUMENT = join(import.meta.dirname, '../../docs/admin-api.md')
const shell = promisify(execFile)

type Json = Readonly<Record<string, unknown>>

const hasCurl = spawnSync('curl', ['--version']).status === 0
if (!hasCurl) console.warn('skipped: the calls of docs/admin-api.md, because this machine has no curl')

test.skipIf(!hasCurl)(
  'the calls of docs/admin-api.md are answered as it says, by a real run',
  async () => {
    const dir = await scratchFolder()
    const roles = ['viewer', 'operator', 'auditor'] as const
    const made = roles.map((role) => ({ role, ...newToken() }))
    const tokens = made.map(({ role, sha256 }) => ({ name: role, roles: [role], tenants: ['default'], sha256 }))
    const config = join(dir, 'streamvane.json')
    await writeFile(config, JSON.stringify({ admin: { port: 0, tokens } }))
    const env = { STREAMVANE_DATA: join(dir, 'data'), STREAMVANE_CONFIG: config }
    const run = running(['run', '--port', '0', '--clock', 'event-time', '--log-level', 'debug'], env)
    const { url } = JSON.parse(await run.said('admin: listening')) as { url: string }
    const lines = [...simulate({ seed: 9, fromMs: Date.UTC(2026, 0, 5, 6), hours: 1, queues: 2, agents: 8 })]
    await post(
      await ingressOf(run),
      lines.map(({ line }) => line),
    )
    await run.said('egress: records published')

    const variables = {
      ...{ PATH: process.env['PATH'] ?? '', API: url, TENANT: 'default' },
      ...Object.fromEntries(made.map(({ role, token }) => [role.toUpperCase(), token])),
    }
    const blocks = [...(await readFile(DOCUMENT, 'utf8')).matchAll(/```sh\n([\s\S]*?)```/g)].map(
      ([, code]) => code ?? '',
    )
    const said: string[] = []
    for (const block of blocks) said.push((await shell('sh', ['-c', block], { env: variables })).stdout)
    const [page, whole, day, stored, comparison, problem, job, jobs] = said
    expect(said).toHaveLength(8)
    const { items, next } = JSON.parse(page as string) as { items: readonly Json[]; next: string }
    expect(items).toHaveLength(2)
    expect(typeof next).toBe('string')
    expect(jsonLines<Json>(whole as string).length).toBeGreaterThan(2)
    const { items: days } = JSON.parse(day as string) as { items: readonly Json[] }
    expect(days.length).toBeGreaterThan(0)
    expect(JSON.parse(stored as string)).toMatchObject({ stored: 1, changes: [{ outcome: 'stored' }] })
    expect(JSON.parse(comparison as string)).toMatchObject({ operation: 'compareWithGenesys', by: 'token:auditor' })
    expect(JSON.parse(problem as string)).toMatchObject({ status: 422, errors: [{ at: 'family' }] })
    expect(JSON.parse(job as string)).toMatchObject({ operation: 'verify', by: 'token:auditor' })
    const started = (JSON.parse(jobs as string) as { items: readonly { operation: string }[] }).items
    expect(started.map(({ operation }) => operation).sort()).toEqual(['compareWithGenesys', 'verify'])
  },
  60_000,
)

test('the table of roles in docs/admin-api.md is the one that is in force', async () => {
  const text = await readFile(DOCUMENT, 'utf8')
  const told = Object.fromEntries(
    [...text.matchAll(/^\| (figures|operations|evidence|change) \|(.*?)\|(.*?)\|(.*?)\|/gm)].map(
      ([, access = '', ...cells]) => [
        access,
        (['viewer', 'operator', 'auditor'] as const).filter((_, place) => cells[place]?.trim() === 'yes'),
      ],
    ),
  )
  expect(told).toEqual(rolesWith)
})
